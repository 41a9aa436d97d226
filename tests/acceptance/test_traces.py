"""Traces of real processes, at a collector."""

import time
from collections.abc import Generator

import pytest

from tests.support.processes.thunder import Thunder
from tests.support.redis.shown_store import ShownStore
from tests.support.serving.spans import Collector
from tests.support.unused import free_port
from tests.support.wait import eventually


@pytest.fixture
def collector() -> Generator[Collector]:
    made = Collector()
    yield made
    made.stop()


def test_query_is_one_trace_from_client_to_store_rounds(thunder: Thunder, redis_url: str, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    ShownStore(redis_url)
    role = thunder.start("serve", "--redis-url", redis_url, env=env)
    role.wait_until_ready()
    asked = thunder.run("query", "--address", f"127.0.0.1:{role.grpc_port}", "--following", "1,2", env=env)
    assert asked.returncode == 0, asked.stderr
    assert role.terminate() == 0
    eventually(lambda: collector.of("thunder-serve", "round"), "the spans of the server")
    [(trace, _)] = collector.of("thunder-query", "ask")
    [(of_request, parent)] = collector.of("thunder-serve", "GetInNetworkPosts")
    [(of_round, _)] = collector.of("thunder-serve", "round")
    assert trace == of_request == of_round
    assert parent


def test_a_process_ends_soon_without_a_collector(thunder: Thunder) -> None:
    absent = f"127.0.0.1:{free_port()}"
    started = time.monotonic()
    asked = thunder.run(
        "query", "--address", absent, "--following", "1", env={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{absent}"}
    )
    assert "is not available" in asked.stderr
    assert time.monotonic() - started < 5  # the library alone tries for longer, and up to 30 s
