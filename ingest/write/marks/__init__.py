"""Marks: how far the store is filled, as one worker keeps them (their layout: `common/store/marks.py`).

In: positions below which everything is applied, partitions that come and go. Out: marks in Redis, offsets from which
partitions must be read again, counts and log lines of lost writes.

Invariants: a mark is raised over the connection that showed the node's tenure, and in no other. A partition is read
again only after the marks say that its buckets are not whole; it is registered after its marks are in every bucket.

Read keeper (the rounds; raises marks), verifier (reads and stamps those that may be other than is known), rules (what
marks prove). Pure: rules, memory (of nodes and buckets between rounds), partitions. nodes asks Redis; report tells what
was lost.
"""
