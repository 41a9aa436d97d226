"""Traces: off, and next to free, unless OTEL_EXPORTER_OTLP_ENDPOINT says where they go.

A span covers a request or a batch, never a single event. Where it goes on in another process, W3C's traceparent goes
along: in the metadata of a call, in the header of a message. Of the process, as logging is.
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
    """Where spans go. For any thread and any task."""

    def span(
        self, name: str, parent: str, links: Iterable[str], attributes: Mapping[str, int]
    ) -> AbstractContextManager[object]:
        """As the function below."""
        ...

    def traceparent(self) -> str:
        """Of the span that this is in; empty outside of any."""
        ...

    def ids(self) -> SpanIds | None:
        """Of the span that this is in."""
        ...


class _Switch:
    tracing: Tracing | None = None


_NO_SPAN = nullcontext()


def configure_tracing(service: str, environment: Mapping[str, str]) -> None:
    """Send spans where the environment says, if it does, as the service of that name. ConfigurationError."""
    if not any(environment.get(name) for name in _ENDPOINTS):
        return
    try:
        exporting = resolve_name("common.telemetry.opentelemetry:exporting")  # imported only now: it is an extra
    except ImportError as missing:
        raise ConfigurationError(f"{_ENDPOINTS[1]} needs more: pip install 'thunder-redis[otel]'") from missing
    use_tracing(exporting(environment.get("OTEL_SERVICE_NAME") or service))


def use_tracing(tracing: Tracing | None) -> None:
    """Send spans there from now on; None for nowhere."""
    _Switch.tracing = tracing


def is_tracing() -> bool:
    """Spans go somewhere: worth looking for what came along."""
    return _Switch.tracing is not None


def span(name: str, parent: str = "", links: Iterable[str] = (), **attributes: int) -> AbstractContextManager[object]:
    """What happens within is a span: of the trace of parent, or else of the span that this is in.

    parent and links are what traceparent() said elsewhere; empty ones count for nothing.
    """
    tracing = _Switch.tracing
    return _NO_SPAN if tracing is None else tracing.span(name, parent, links, attributes)


def outgoing() -> Mapping[str, str]:
    """What goes along to another process, by name."""
    tracing = _Switch.tracing
    traceparent = "" if tracing is None else tracing.traceparent()
    return {TRACEPARENT: traceparent} if traceparent else {}


def current_ids() -> SpanIds | None:
    """Ids of the span that this is in, None outside of any."""
    return None if _Switch.tracing is None else _Switch.tracing.ids()
