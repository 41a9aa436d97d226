"""The console script `thunder` and what only it needs: the one package that sees both ingest and serve.

A command line enters, an exit code leaves. cli/ finds and runs commands and holds the small ones; demo/ runs the whole
service on one machine with the servers of embedded/; doctor/ checks a role's dependencies; bench/ measures speed and
memory. combined runs ingest and serve in one process, client is the gRPC client of query and demo, health_check the
probe of the image.

A role imports neither the other roles nor these rooms: cli/commands.py names functions, and imports them when they run.
"""
