"""Faults under load, drawn by a seed: python -m tests.chaos --seed N --minutes M.

Three brokers of Kafka, a Redis Cluster of three masters and three replicas, three workers and two servers run as real
processes; a load writes, readers ask, and one fault after another is injected, each with a proof that it happened.
What the load wrote and what the readers were answered is recorded, and invariants I1 to I11 are checked from the
records. `--list` names all faults and scenarios, `--scenario NAME` runs one of them alone.

Read in this order: registry (a scenario is a function of a Run), run (a Run), stage (the processes), scenarios/.
"""
