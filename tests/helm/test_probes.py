"""Roles that run as the chart says pass the probes that the chart has Kubernetes make."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.probes import PROBES, is_healthy, passes
from tests.support.chart import Manifest, containers, environment, manifests
from tests.support.kafka.broker import KafkaBroker
from tests.support.network.certificates import Authority
from tests.support.processes.thunder import Thunder
from tests.support.programs.installed import Progress
from tests.support.unused import free_port, unique
from tests.support.wait import eventually

pytestmark = pytest.mark.timeout(1800)  # the first run builds the tools

ROLES = ("serve", "ingest", "transform", "follows", "source")
TOPICS = ("tweet_events_topic", "innetwork_post_topic", "follows_topic")


@pytest.fixture
def values(kafka: KafkaBroker, redis_url: str) -> dict[str, Any]:
    """All roles, on ports and topics of their own."""
    values: dict[str, Any] = {role: {"enabled": True, "settings": {"http_port": free_port()}} for role in ROLES}
    values["serve"]["settings"]["grpc_port"] = free_port()
    values["source"]["kind"] = "synthetic"
    topics = {topic: kafka.create_topic(unique("chart"), partitions=2) for topic in TOPICS}
    return values | {"kafka": {"brokers": kafka.bootstrap}, "redis": {"url": redis_url}, "settings": topics}


@pytest.fixture
def rendered(helm: Path, tmp_path: Path) -> Callable[[Mapping[str, Any]], list[Manifest]]:
    def render(values: Mapping[str, Any]) -> list[Manifest]:
        file = tmp_path / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        return manifests(helm, "--values", file)

    return render


def test_every_role_passes_its_probes(
    thunder: Thunder, rendered: Callable[[Mapping[str, Any]], list[Manifest]], values: Mapping[str, Any]
) -> None:
    objects = rendered(values)
    running = [container for _, container in containers(objects)]
    assert len(running) == len(ROLES)
    for container in running:
        thunder.start(*container["args"], env=environment(objects, container))
    for container in running:
        for probe in PROBES:
            eventually(partial(passes, container, probe), f"{probe} of {container['name']}", timeout=60)


def test_probes_need_no_client_certificate(
    thunder: Thunder,
    rendered: Callable[[Mapping[str, Any]], list[Manifest]],
    values: dict[str, Any],
    tmp_path: Path,
    progress: Progress,
) -> None:
    tls = {"existingSecret": "server", "healthPort": free_port(), "clientCa": {"existingSecret": "callers"}}
    values["serve"]["tls"] = tls
    objects = rendered(values)
    mounted = mount_certificates(tmp_path / "mounted", progress)
    (server,) = [container for _, container in containers(objects) if container["name"] == "serve"]
    variables = {
        name: value.replace("/etc/thunder", str(mounted)) for name, value in environment(objects, server).items()
    }
    thunder.start("serve", env=variables)
    eventually(partial(passes, server, "startupProbe"), "the server has started")
    assert passes(server, "livenessProbe")
    assert not passes(server, "readinessProbe"), "no worker has caught up"
    assert not is_healthy(int(variables["THUNDER_GRPC_PORT"])), "a caller without a certificate"


def mount_certificates(folder: Path, progress: Progress) -> Path:
    """The files of the Secrets that serve.tls names, where a pod would find them."""
    (folder / "grpc").mkdir(parents=True)
    authority = Authority(folder, progress)
    issued = authority.issue("server")
    for file, name in ((issued.certificate, "tls.crt"), (issued.key, "tls.key"), (authority.ca, "ca.crt")):
        file.rename(folder / "grpc" / name)
    return folder
