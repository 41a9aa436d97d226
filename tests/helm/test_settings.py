"""Every role understands the settings that the chart gives to it."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from common.settings.loader import check, gather
from common.settings.process import ProcessSettings
from common.settings.schema import settings_of
from common.settings.serve import ServeSettings
from common.settings.types import Settings
from serve.rpc.server import SERVICE
from tests.support.chart import CHART, VALUE_FILES, Manifest, containers, environment, manifests, of_kind
from tests.tools.chart_schema import CHART_ROLES
from thunder.cli.commands import COMMANDS

pytestmark = pytest.mark.timeout(1800)  # the first run builds the tools

LONGEST_GOODBYE_SECONDS = 5
"""More than a role needs beyond its grace: to tell who watches its health, to report what it could not send."""


@pytest.fixture(scope="module", params=VALUE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def objects(helm: Path, request: pytest.FixtureRequest) -> list[Manifest]:
    return manifests(helm, "--values", request.param)


def settings_given(objects: Sequence[Manifest], container: Manifest) -> ProcessSettings:
    """The settings that a role makes of its command line and environment. ConfigurationError."""
    given = gather(flags(container), environment(objects, container), CHART_ROLES.values())
    settings = check(model(container), given)
    assert isinstance(settings, ProcessSettings)
    return settings


def model(container: Manifest) -> type[Settings]:
    """Settings of the words before the flags: a command, or a command and the name of a source."""
    *_, role = itertools.takewhile(lambda word: not word.startswith("-"), container["args"])
    return CHART_ROLES[role]


def flags(container: Manifest) -> list[str]:
    return list(itertools.dropwhile(lambda word: not word.startswith("-"), container["args"]))


def test_every_role_starts_with_its_settings(objects: Sequence[Manifest]) -> None:
    for _, container in containers(objects):
        assert container["command"] == ["thunder"]
        assert container["args"][0] in COMMANDS
        settings_given(objects, container)


def test_what_the_chart_adds_by_itself_is_a_setting_of_the_role(helm: Path) -> None:
    objects = manifests(helm, "--values", CHART / "tests" / "values" / "secrets.yaml")
    for_all = {"THUNDER_SASL_MECHANISM"}  # what these values say to every role
    for _, container in containers(objects):
        known = {variable for each in settings_of(model(container)) for variable in each.variables}
        assert environment(objects, container).keys() - for_all <= known


def test_ports_are_those_of_the_settings(objects: Sequence[Manifest]) -> None:
    for _, container in containers(objects):
        settings = settings_given(objects, container)
        ports = {"http": settings.http_port}
        if isinstance(settings, ServeSettings):
            ports["grpc"] = settings.grpc_port
        assert {port["name"]: port["containerPort"] for port in container["ports"]} == ports


def test_probes_ask_what_the_role_answers(objects: Sequence[Manifest]) -> None:
    for _, container in containers(objects):
        settings = settings_given(objects, container)
        probes = [container[name] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
        if isinstance(settings, ServeSettings):
            alive = {"port": settings.health_port or settings.grpc_port}
            assert [probe["grpc"] for probe in probes] == [alive, alive, alive | {"service": SERVICE}]
        else:
            asked = [(probe["httpGet"]["port"], probe["httpGet"]["path"]) for probe in probes]
            assert asked == [("http", "/healthz"), ("http", "/healthz"), ("http", "/readyz")]


def test_a_pod_is_not_killed_before_its_role_has_ended(objects: Sequence[Manifest]) -> None:
    for workload, container in containers(objects):
        settings = settings_given(objects, container)
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace > sleep + settings.shutdown_grace_seconds + LONGEST_GOODBYE_SECONDS


def test_large_numbers_arrive_as_they_were_written(helm: Path) -> None:
    objects = manifests(helm, "--values", CHART / "tests" / "values" / "many-numbers.yaml")
    given = {container["args"][0]: settings_given(objects, container) for _, container in containers(objects)}
    serve, ingest = given["serve"].model_dump(), given["ingest"].model_dump()
    assert (serve["post_retention_seconds"], serve["max_bytes_per_request"]) == (1209600, 1073741824)
    assert (ingest["post_hashes"], ingest["poison_window_share"], ingest["skip_to_latest"]) == (16777216, 0.25, True)


def test_no_secret_stands_in_a_configmap(objects: Sequence[Manifest]) -> None:
    for found in of_kind(objects, "ConfigMap"):
        assert not [name for name in found.get("data", {}) if "PASSWORD" in name and not name.endswith("_FILE")]


@pytest.mark.parametrize("change", ["settings.log_level=debug", "serve.settings.qps_limit=7", "redis.url=redis://b"])
def test_a_changed_setting_makes_new_pods(helm: Path, change: str) -> None:
    def checksum(*arguments: str) -> str:
        (serve,) = [work for work, box in containers(manifests(helm, *arguments)) if box["args"] == ["serve"]]
        return serve["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum("--set", change) != checksum()


def test_services_lead_to_the_pods_of_their_role(objects: Sequence[Manifest]) -> None:
    for service in of_kind(objects, "Service"):
        (labels,) = [
            work["spec"]["template"]["metadata"]["labels"]
            for work, box in containers(objects)
            if box["name"] == service["spec"]["selector"]["app.kubernetes.io/component"]
        ]
        assert service["spec"]["selector"].items() <= labels.items()
