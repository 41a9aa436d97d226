"""Readiness: whether this process should receive requests.

In: the status of the store, every half second. Out: gRPC health, /readyz, the log, init_duration_seconds. Invariants:
ready once Redis answers and ingest has caught up with this lineage of the store; later lag never makes it unready.
Read verdict.py (pure), then publisher.py, and state.py for what other threads see.
"""
