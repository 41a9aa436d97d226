"""Code shared by ingest, serve and thunder, none of which it imports.

Begin with `post` and `ids` (the domain), `retention` (which times still count), then `store` (the layout of Redis:
written by ingest, read by serve), `kafka`, `settings` and `telemetry`. `lifecycle` ends a process, `errors` says whose
fault a failure is, `timing` holds clocks, back-off and rate limits, `resources` reads lua/ and proto/.

Invariants: `post`, `ids` and `retention` are pure; time is an argument, read once at the top of a loop; the errors of a
library stop at the file that calls it. `pb` is generated from proto/: CONTRIBUTING.md has the command.
"""
