"""Every panel of the dashboard has a value over what running roles export."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.observability.promql import OF_REDIS_EXPORTER
from tests.support.chart import CHART
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import free_port, unique
from tests.support.wait import eventually

PANELS: list[dict[str, Any]] = json.loads((CHART / "dashboard.json").read_text())["panels"]
EXPRESSIONS = [str(target["expr"]) for panel in PANELS for target in panel.get("targets", [])]
CHOSEN = {"cluster": "main", "namespace": "feed", "job": "thunder", "pod": "pod-1"}


@pytest.fixture
def source(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> Role:
    """A source whose network does not answer: its metrics exist from the start."""
    flags = ["--in-network-events-consumer-dest", kafka.bootstrap, "--redis-url", redis_url]
    topics = ["--topic", kafka.create_topic(unique("posts")), "--follows-topic", kafka.create_topic(unique("follows"))]
    network = f"ws://127.0.0.1:{free_port()}"
    role = thunder.start("source", "bluesky", *flags, *topics, "--jetstream-url", network)
    eventually(lambda: role.status("/healthz") == 200, "the port of the source")
    return role


def scraped(role: Role) -> Iterator[Metric]:
    with urlopen(f"http://127.0.0.1:{role.http_port}/metrics", timeout=10) as response:
        yield from text_string_to_metric_families(response.read().decode())


def series(metrics: Iterable[Metric]) -> Iterator[dict[str, str]]:
    """Each sample in the notation of promtool, with the labels of its target, growing by one every minute."""
    for sample in (sample for metric in metrics for sample in metric.samples):
        labels = ",".join(f"{name}={json.dumps(value)}" for name, value in (sample.labels | CHOSEN).items())
        yield {"series": f"{sample.name}{{{labels}}}", "values": f"{sample.value:.0f}+1x20"}


def of_redis_exporter() -> Iterator[Metric]:
    for name in sorted(OF_REDIS_EXPORTER):
        metric = Metric(name, "as redis_exporter exports it", "gauge")
        metric.add_sample(name, {"instance": "redis-1"}, 1)
        yield metric


def of_prometheus() -> Metric:
    metric = Metric("up", "as Prometheus makes it", "gauge")
    metric.add_sample("up", {"role": "serve"}, 1)
    return metric


def filled_in(expression: str) -> str:
    """As Grafana sends it, with one value chosen of each variable."""
    chosen = re.sub(r"\$(\w+)", lambda found: CHOSEN.get(found[1], found[0]), expression)
    return chosen.replace("$__rate_interval", "5m")


def has_number(expression: str) -> dict[str, Any]:
    """A test of promtool that something of the expression is a number: NaN is not equal to itself."""
    asked = f"count(({expression}) == ({expression})) > bool 0"
    return {"expr": asked, "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": 1}]}


def test_every_panel_has_a_value(role: Role, source: Role, promtool: Path, tmp_path: Path) -> None:
    metrics = [*scraped(role), *scraped(source), *of_redis_exporter(), of_prometheus()]
    test = {
        "interval": "1m",
        "input_series": [*{each["series"]: each for each in series(metrics)}.values()],
        "promql_expr_test": [has_number(filled_in(expression)) for expression in EXPRESSIONS],
    }
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "1m", "tests": [test]}))
    done = subprocess.run([promtool, "test", "rules", file], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
