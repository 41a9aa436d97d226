"""The read rules (contract 4): from a Query to the newest posts that pass, as a serialised response.

In: a Query, the time, a deadline, and a Fetcher. Out: an Answer. Invariants: no gRPC and no Redis, only the port
Fetcher (read_plan.py) is called; the answer is exact, or marked partial; members stay bytes from Redis to the response.

Read timeline.py (the rounds), read_plan.py (how deep to read), merge.py (which posts), filters.py and reply_filter.py
(the rules), response.py (the bytes).
"""
