"""The read rules (contract 4): from a Query to the newest posts that pass, as a serialised response.

In: a Query, or a request that a core has decoded, the time, a deadline, and a Fetcher. Out: an Answer. Invariants: no
gRPC and no Redis; a read core does no I/O, it names commands and takes replies; the answer is exact, or marked partial;
members stay bytes from Redis to the response.

Read timeline.py (the rounds), cores.py (the choice of a core) and read_core.py (its port), then the core in Python:
python_core.py, read_plan.py (how deep to read), commands.py (what is sent), merge.py (which posts), filters.py and
reply_filter.py (the rules), response.py (the bytes).
"""
