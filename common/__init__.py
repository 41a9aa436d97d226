"""What ingest and serve share: the post, what Redis holds of it, settings, connections, metrics, logs."""
