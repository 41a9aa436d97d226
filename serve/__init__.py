"""The read service: answers GetInNetworkPosts from Redis over gRPC.

In: gRPC calls on the gRPC port, and the page's requests on the HTTP port. Out: responses, metrics, readiness.
Invariants: one event loop; a request is admitted or rejected at once and never queues in front of admission; its one
deadline is made where the call comes in; Redis is only read; ingest is never imported.

Read app.py (the role), wiring.py, then follow a request: rpc/servicer.py, rpc/posts_service.py, timeline/timeline.py,
store/fetcher.py and timeline/python_core.py, or its twin in native/. request.py, query.py, adjustments.py and
deadline.py are the values that these pass on; blocked_authors.py is the one file that changes answers.
"""
