"""Kafka at the edge: settings and credentials, configuration of librdkafka, refusals, topics, writing and reading."""
