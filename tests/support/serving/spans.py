"""Spans that end in memory, or at a collector on a port of its own."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from common.telemetry.opentelemetry import OpenTelemetry
from common.telemetry.tracing import use_tracing

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class RecordedSpan(NamedTuple):
    """Ids in hexadecimal; parent_id is empty for the first of a trace, links are the ids of traces."""

    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, object]
    links: list[str]


class RecordedSpans:
    """Those that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def named(self, name: str) -> RecordedSpan:
        """The only one of that name."""
        [span] = [span for span in self._exporter.get_finished_spans() if span.name == name]
        assert span.context
        return RecordedSpan(
            format_trace_id(span.context.trace_id),
            format_span_id(span.context.span_id),
            format_span_id(span.parent.span_id) if span.parent else "",
            dict(span.attributes or {}),
            [format_trace_id(link.context.trace_id) for link in span.links],
        )


@contextmanager
def recorded_spans() -> Generator[RecordedSpans]:
    """Trace this process meanwhile."""
    exporter = InMemorySpanExporter()
    use_tracing(OpenTelemetry("tests", SimpleSpanProcessor(exporter)))
    try:
        yield RecordedSpans(exporter)
    finally:
        use_tracing(None)


class Collector:
    """Exported spans: (service, span, trace id, id of the parent) of each."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str, str, str]] = []
        self._server = grpc.server(ThreadPoolExecutor(2))
        handler = grpc.unary_unary_rpc_method_handler(
            self._export, ExportTraceServiceRequest.FromString, ExportTraceServiceResponse.SerializeToString
        )
        service, _, method = _EXPORT[1:].partition("/")
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
        self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def of(self, service: str, name: str) -> list[tuple[str, str]]:
        """(Trace id, id of the parent) of the spans of that service and name."""
        return [(trace, parent) for sender, span, trace, parent in self.spans if (sender, span) == (service, name)]

    def stop(self) -> None:
        """Close the port."""
        self._server.stop(None).wait()

    def _export(self, request: ExportTraceServiceRequest, _: grpc.ServicerContext) -> ExportTraceServiceResponse:
        for resource in request.resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = (span.trace_id.hex(), span.parent_span_id.hex())
                    self.spans.append((names["service.name"], span.name, *ids))
        return ExportTraceServiceResponse()
