"""Where events come from outside Kafka: each source maps what it hears to the events of this package."""
