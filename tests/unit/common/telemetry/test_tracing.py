import sys

import pytest

from common.errors import ConfigurationError
from common.telemetry.tracing import configure_tracing, current_ids, is_tracing, outgoing, sampled_trace_id, span


def test_nothing_is_traced_unless_the_environment_says_where_to() -> None:
    configure_tracing("feed", {"OTEL_SERVICE_NAME": "x", "OTEL_EXPORTER_OTLP_ENDPOINT": ""})
    assert not is_tracing()
    with span("request", parent="00-1-2-01", links=["x"], posts=3):
        assert outgoing() == {}
        assert current_ids() is None
        assert sampled_trace_id() == ""


def test_missing_tracing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "common.telemetry.opentelemetry", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'thunder-redis\[otel\]'"):
        configure_tracing("feed", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"})
    assert not is_tracing()
