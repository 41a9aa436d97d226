"""Readiness: whether this process should receive requests.

In: the status of the store, every half second, and the lineage that each request has read. Out: gRPC health, /readyz,
the log, init_duration_seconds; StoreFilling for requests. Invariants: ready once Redis answers and ingest has caught up
with this lineage of the store, while our clock agrees with Redis's; later lag and gaps never make it unready; no answer
is made of a lineage that has not caught up.
Read verdict.py (pure), gate.py (what requests may read), publisher.py, and state.py for what other threads see.
"""
