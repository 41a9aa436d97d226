"""Kafka at the edge: the only rooms that know confluent-kafka are this one and those that consume and produce.

Enters: a KafkaConnection (brokers and credentials), records, topics to create. Leaves: acknowledged offsets, stored
records, KafkaUnavailable (retrying may help) and KafkaRefused (it does not).

Reading order: `connection`, `configuration` (librdkafka's dotted names), `topics` (values), `errors` and `certificates`
(a refusal or a passing fault), `admin` (asks once), `retrying`, `cluster` (waits, creates), `producer`, `reader`.

Invariants: producers are idempotent and wait for all in-sync replicas; readers see committed messages only; no password
is logged or quoted.
"""
