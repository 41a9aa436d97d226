"""Faults under load, drawn by a seed: python -m tests.chaos --seed N --minutes M.

Three brokers of Kafka, a Redis Cluster of three masters and three replicas, three workers and two servers run as real
processes; a load writes, readers ask, and one fault after another is injected, each with a proof that it happened.
What Kafka acknowledged and what the readers were answered is recorded, and invariants are checked from the records:

I1   at rest, every server answers, and Redis holds, exactly what the plain model makes of the topic
I2   no answer holds an id twice
I3   what was seen to be deleted is not shown again, in part or whole, by either server
I4   newest first, and only posts that were written; at rest, the order and cut of the model
I5   nothing is missing whose commit was seen
I7   no answer outlives its deadline by more than 100 ms
I8   after each fault: lag drained, servers ready, answers whole, no role ended
I9   a whole answer lacks nothing that was shown before, unless its delete was sent
I10  each bad message is a dead letter with its coordinates, no good one is
I11  no key in Redis is without a TTL, or it is on the list

I6, overload, has a test of its own: tests/benchmarks/overload.py. `--list` names all faults and scenarios, `--scenario
NAME` runs one of them alone. The seed draws the faults, their moments and the events; what processes make of it in
between is theirs, so that a seed repeats a violation often, not always. Exit code 1: a violation.

Read in this order: run (what a fault has at hand), stage (the processes), draw and fault, faults/, scenarios/ with
losses/; then records/, which fills a history, checks/, which judges it, and report.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # a server that is replaced is no news here
