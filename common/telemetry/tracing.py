"""Traces: off, at almost no cost, unless OTEL_EXPORTER_OTLP_ENDPOINT is set.

A span covers a request or a batch, never a single event. W3C's traceparent carries it to another process: in the
metadata of a call, in the header of a message. The state belongs to the process, as that of logging does.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pkgutil import resolve_name
from typing import NamedTuple, Protocol

from common.errors import ConfigurationError

TRACEPARENT = "traceparent"
"""Name of the metadata and of the header."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class SpanIds(NamedTuple):
    """Ids in hexadecimal, as traces and logs spell them."""

    trace_id: str
    span_id: str


class Tracing(Protocol):
    """Destination of spans. For any thread and any task."""

    def span(
        self, name: str, parent: str, links: Iterable[str], attributes: Mapping[str, int]
    ) -> AbstractContextManager[object]:
        """Start a span, as the function of the same name does."""
        ...

    def traceparent(self) -> str:
        """W3C traceparent of the current span; empty outside of any."""
        ...

    def ids(self) -> SpanIds | None:
        """Ids of the current span; None outside of any."""
        ...

    def sampled_trace_id(self) -> str:
        """Id of the current trace in hexadecimal; empty outside of any, and where the sampler drops it."""
        ...


class _Switch:
    tracing: Tracing | None = None


_NO_SPAN = nullcontext()


def configure_tracing(service: str, environment: Mapping[str, str]) -> None:
    """Send spans to the endpoint in the environment, if any, under the name of the service. ConfigurationError."""
    if not any(environment.get(name) for name in _ENDPOINTS):
        return
    try:
        exporting = resolve_name("common.telemetry.opentelemetry:exporting")  # imported only now: it is an extra
    except ImportError as missing:
        raise ConfigurationError(f"{_ENDPOINTS[1]} needs an extra: pip install 'thunder-redis[otel]'") from missing
    use_tracing(exporting(environment.get("OTEL_SERVICE_NAME") or service))


def use_tracing(tracing: Tracing | None) -> None:
    """Send spans there from now on; None turns tracing off."""
    _Switch.tracing = tracing


def is_tracing() -> bool:
    """Whether spans are exported, so that incoming traceparents are worth reading."""
    return _Switch.tracing is not None


def span(name: str, parent: str = "", links: Iterable[str] = (), **attributes: int) -> AbstractContextManager[object]:
    """Trace the block as a span: a child of parent, or else of the current span.

    parent and links are traceparents of other processes; empty ones are ignored.
    """
    tracing = _Switch.tracing
    return _NO_SPAN if tracing is None else tracing.span(name, parent, links, attributes)


def outgoing() -> Mapping[str, str]:
    """Metadata or headers that carry the current span to another process."""
    tracing = _Switch.tracing
    traceparent = "" if tracing is None else tracing.traceparent()
    return {TRACEPARENT: traceparent} if traceparent else {}


def current_ids() -> SpanIds | None:
    """Ids of the current span; None outside of any."""
    return None if _Switch.tracing is None else _Switch.tracing.ids()


def sampled_trace_id() -> str:
    """Id of the current trace, if it is exported; else empty."""
    return "" if _Switch.tracing is None else _Switch.tracing.sampled_trace_id()
