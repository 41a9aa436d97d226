"""The Helm commands of docs/operations.md."""

import shlex
from pathlib import Path

import pytest

from tests.support.chart import containers, environment, manifests
from tests.support.operations_guide import command, commands

pytestmark = pytest.mark.timeout(1800)  # the first run builds the tool


def test_the_chart_takes_what_the_guide_sets(helm: Path) -> None:
    lines = [shlex.split(line) for line in commands() if line.startswith(("helm install", "helm upgrade"))]
    assert len(lines) == 4
    for _, _, _, chart, *flags in lines:
        assert chart == "helm/"
        assert manifests(helm, *(flag for flag in flags if flag != "--reuse-values"))


def test_a_second_release_fills_a_store_of_its_own(helm: Path) -> None:
    objects = manifests(helm, *shlex.split(command("helm install green"))[4:])
    for workload, container in containers(objects):
        settings = environment(objects, container)
        assert settings["THUNDER_REDIS_URL"] == "redis://green:6379"
        assert (settings["THUNDER_AUTHOR_BUCKETS"], settings["THUNDER_POST_HASHES"]) == ("1024", "131072")
        if workload["metadata"]["name"].endswith("-ingest"):
            assert settings["THUNDER_KAFKA_GROUP_ID"] == "feed-green"
