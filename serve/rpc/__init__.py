"""The rpc: from a gRPC call to an answer or a status.

In: serialised requests with metadata and a deadline. Out: serialised responses, or statuses that reveal nothing of the
inside. Invariants: a call is authenticated, then admitted, and decoded only after that, so a rejection stays cheap;
posts_service.py knows no gRPC; every admitted request ends in exactly one outcome metric.

Read servicer.py and posts_service.py; then server.py (limits, health, shutdown), authentication.py and tls.py.
"""
