"""The front door: command line, demo, embedded servers. The only package that sees both ingest and serve."""
