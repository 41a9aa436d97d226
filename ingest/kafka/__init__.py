"""One member of a consumer group: messages in, commits out. It knows neither the store nor the meaning of an event.

Invariants: a partition without a commit is read only after its start offset is committed. A commit carries the lineage
of the store that it was made for; a store of another lineage is filled by reading the partition again.

Read consumer (polls, commits), rebalance (its callbacks), start_position (the rules) and start_lookup (their inputs).
Pure: assignment, commits, catch_up, start_position. back_pressure holds a batch while the sink does not answer;
lag_monitor publishes lag and catch-up.
"""
