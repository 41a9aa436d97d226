"""Fixtures of the tests of what watches Thunder."""

import shutil
from pathlib import Path

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Not installed by the tests: the package would start a Prometheus of its own."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not on PATH; install the package prometheus")
    return Path(found)


@pytest.fixture
def role(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> Role:
    """Ingest and serving in one process."""
    topic = kafka.create_topic(unique("innetwork_post"), partitions=2)
    flags = ["--kafka-group-id", unique("group"), "--in-network-events-consumer-dest", kafka.bootstrap]
    role = thunder.start("--is-serving", *flags, "--innetwork-post-topic", topic, "--redis-url", redis_url)
    role.wait_until_ready()
    return role
