"""One member of a consumer group: messages in, commits out. It knows neither the store nor the meaning of an event.

Invariants: a partition is read only after its start offset is committed; while it is looked up the member polls on. A
new group is started by one commit for all partitions of the topic, so a partition without a commit was added later. A
commit carries the lineage of the store that it was made for; a store of another lineage is filled by reading the
partition again. What a callback of librdkafka raises is kept, and raised by the poll.

Read consumer (polls, commits), rebalance (partitions until they flow), start_position (the rules of a start),
start_lookup (their inputs) and start_retry. Pure: assignment, positions, commits, catch_up, start_position, faults.
back_pressure holds a batch while the sink does not answer; lag_monitor publishes lag and catch-up.
"""
