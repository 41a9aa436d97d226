"""promtool accepts the metrics of running roles."""

import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique

PRESCRIBED = {
    "post_store_user_count": "a gauge with the name that X's Thunder gives it",
    "post_store_entity_count": "a gauge with the name that X's Thunder gives it",
}
"""Names that promtool would have otherwise, and why they stay."""


@pytest.fixture
def role(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> Role:
    """Ingest and serving in one process."""
    topic = kafka.create_topic(unique("innetwork_post"), partitions=2)
    flags = ["--kafka-group-id", unique("group"), "--in-network-events-consumer-dest", kafka.bootstrap]
    role = thunder.start("--is-serving", *flags, "--innetwork-post-topic", topic, "--redis-url", redis_url)
    role.wait_until_ready()
    return role


def test_promtool_finds_nothing_but_names_that_are_prescribed(role: Role, promtool: Path) -> None:
    with urlopen(f"http://127.0.0.1:{role.http_port}/metrics", timeout=10) as response:
        metrics = response.read()
    checked = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, check=False)
    findings = (checked.stdout + checked.stderr).decode().splitlines()
    assert {finding.split()[0] for finding in findings} == PRESCRIBED.keys()
