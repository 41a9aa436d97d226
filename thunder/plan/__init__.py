"""`thunder plan`: sizes an installation by arithmetic, and names the limit that it reaches first.

A demand (posts, authors, requests per second) enters; masters, memory, buckets, hashes, workers, partitions, servers,
network and disk leave, with each step as a line, the limits with their remedies, and values for the chart. Invariants:
nothing is asked of Redis, Kafka or the clock; a greater demand never makes a smaller plan; the limits of settings hold.
All but main is pure.

Read in this order: demand, costs (measured; the one source of constants), reads (what a request asks of Redis), buckets
(how they spread over masters), sizing (the plan), limits (what breaks first), then steps and chart (the output).
fitting finds costs in a report of `thunder bench`.
"""
