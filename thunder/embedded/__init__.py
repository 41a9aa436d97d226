"""Servers for a machine that has none: for the demo, benchmarks and tests, never for production.

Enters: a folder for logs. Leaves: the addresses of a Redis (redis_server) and of a Kafka (kafka_cluster).
Invariants: only the loopback interface is used, nothing is kept on disk, a child process ends with its parent (child
starts it through leash). Knows neither ingest nor serve.
Read redis_server, then child and leash, then kafka_cluster. role_process runs roles of the product beside them.
"""
