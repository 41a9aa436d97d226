"""Kafka at the edge: settings and credentials, configuration of librdkafka, refusals, waiting for what is there."""
