"""The way in: events from Kafka are decoded, judged and written to Redis or to the refined topic."""
