"""The way out: gRPC requests are answered from the authors' sorted sets in Redis."""
