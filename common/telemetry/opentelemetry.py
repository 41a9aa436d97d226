"""Exports spans with OpenTelemetry: the only file that imports its library, an extra (thunder-redis[otel])."""

import atexit
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from threading import Timer

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.telemetry.tracing import TRACEPARENT, SpanIds

_MOST_LINKS = 128
"""Number of links that OpenTelemetry keeps of a span."""

_LAST_SPANS_SECONDS = 1.0
"""Time limit of the last export when the process ends: a collector that is down must not delay the end."""

_PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetry:
    """Tracing with the OpenTelemetry SDK."""

    def __init__(self, service: str, processor: SpanProcessor) -> None:
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("thunder")

    def span(
        self, name: str, parent: str, links: Iterable[str], attributes: Mapping[str, int]
    ) -> AbstractContextManager[object]:
        """Start a span as the current one; links that cannot be read are left out."""
        return self._tracer.start_as_current_span(
            name,
            context=_context_of(parent) if parent else None,
            links=[trace.Link(linked) for linked in _distinct(links)],
            attributes=attributes,
        )

    def traceparent(self) -> str:
        """W3C traceparent of the current span; empty outside of any."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get(TRACEPARENT, "")

    def ids(self) -> SpanIds | None:
        """Ids of the current span; None outside of any."""
        current = trace.get_current_span().get_span_context()
        if not current.is_valid:
            return None
        return SpanIds(trace.format_trace_id(current.trace_id), trace.format_span_id(current.span_id))

    def sampled_trace_id(self) -> str:
        """Id of the current trace in hexadecimal; empty outside of any, and where the sampler drops it."""
        current = trace.get_current_span().get_span_context()
        return trace.format_trace_id(current.trace_id) if current.trace_flags.sampled else ""


def exporting(service: str) -> OpenTelemetry:
    """Tracing that exports in the background to the endpoint of OpenTelemetry's environment variables."""
    exporter = OTLPSpanExporter()
    tracing = OpenTelemetry(service, BatchSpanProcessor(exporter))
    atexit.register(_shut_down_soon, exporter)  # runs before what its library has registered, which waits for the end
    return tracing


def _shut_down_soon(exporter: SpanExporter) -> None:
    timer = Timer(_LAST_SPANS_SECONDS, exporter.shutdown)
    timer.daemon = True
    timer.start()


def _context_of(traceparent: str) -> Context:
    return _PROPAGATOR.extract({TRACEPARENT: traceparent})


def _distinct(links: Iterable[str]) -> Iterable[trace.SpanContext]:
    """Contexts of the links that can be read, each once."""
    distinct = islice(dict.fromkeys(link for link in links if link), _MOST_LINKS)
    spans = (trace.get_current_span(_context_of(link)).get_span_context() for link in distinct)
    return (span for span in spans if span.is_valid)
