"""Reads Redis for requests: entries of lists, records of parents, follow lists, and the status of the store.

In: read cores that need replies, viewers. Out: replies, parsed or as bytes, ids, StoreUnavailable. Invariants: one
connection per node, shared by all requests for posts and follows; replies match commands in order, so a cancelled
request leaves the connection intact, and keeps its place until its replies are in; in a store with marks only buckets
are read that are whole on the process and history of Redis behind this very connection; nothing is written.

Read serving_store.py (what serving is given), fetcher.py and follow_store.py, then nodes.py (topology, redirections),
sessions.py (a connection and what it said), node_fill.py (which buckets are whole; pure) and connection.py (the
protocol).
"""
