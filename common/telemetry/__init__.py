"""Log lines, metrics and health over HTTP, and traces of a process.

Enters: log records, observations, spans. Leaves: lines on stderr, /metrics, /healthz and /readyz, spans over OTLP.

Reading order: `logs`, `process_metrics`, `histogram` (cheap, for one writing thread), `http_routes` (pure),
`http_server`, `tracing` (off unless an endpoint is set), `opentelemetry` (loaded only then: it is an extra).

Invariants: none of it blocks a request or a batch; metrics are declared in ingest/metrics.py,
serve/metrics.py and ingest/sources/metrics.py.
"""
