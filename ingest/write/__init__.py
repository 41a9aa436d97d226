"""Events to their sinks: posts and follows to Redis, refined events to Kafka.

Invariants: a call returns when everything is durable, and repeating it, or a part of it, changes nothing. A delete wins
over its create in any order and from any worker. A shard that fails holds back its own events only.

Read write_plan (the decisions, pure), key_table (keys, and when their TTL is due), post_writer (carries them out),
follow_writer, refined_topic. store opens the store and reports on it, caught_up_reports without holding up its callers;
store_sample estimates the size of the store for metrics.

marks/ notes how far the store is filled, and finds out when it has lost writes.
"""
