"""`thunder bench`: measures the product on this machine, beside a naive one, an empty one and the accepted figures.

A command line enters (options); figures leave: tables, one line of JSON, a bar plot, for which main is responsible.
Roles are real processes of the product, and load comes from a process of its own (load/). The standard store is seeded,
so two runs measure the same. CPU time is that of the server or worker process, and of Redis as it reports it.

Read standard_store and store (what is measured on), processes and topics (what runs), then read, ingest, memory,
freshness, latency. peers/ holds the programs to compare with. serve_load loads a server that runs elsewhere.
accepted.json holds the accepted figures (tests/benchmarks/accept.py makes it). Imported on demand.
"""
