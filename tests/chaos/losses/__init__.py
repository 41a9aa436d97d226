"""Loads, readers and a judge for faults that take something out of the store.

A load writes events of made-up people, and the ledger notes what Kafka acknowledged and when; readers ask servers all
the time and note every answer; the judge compares the two. All times are of time.monotonic().

Read in this order: ledger, load, readers, judge, rig (processes around a Redis of any shape), scene (the course of a
scenario). The scenarios themselves are in tests/chaos/scenarios.
"""
