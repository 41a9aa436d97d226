"""compose.yaml is one that Compose takes, and says what is meant: all that can be known without an engine."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import redis
import yaml

from common.settings.loader import check, gather
from common.settings.process import ProcessSettings
from common.settings.serve import ServeSettings
from tests.acceptance.containers.compose import CHECKOUT, Service, flags, is_ours, known_settings, model, read_services
from tests.acceptance.containers.dockerfile import pairs, read_stages
from tests.support.processes.child import Child
from tests.support.programs.go_tools import COMPOSE_SPEC, READ_DOCKERFILE, GoTool
from tests.support.unused import free_port
from thunder.cli.commands import COMMANDS
from thunder.embedded.redis_server import redis_binary

BROKERS = {"kafka-1", "kafka-2", "kafka-3"}
Services = Mapping[str, Service]


@pytest.fixture(scope="module")
def services(built: Callable[[GoTool], Path]) -> Services:
    return read_services(built(COMPOSE_SPEC))


@pytest.fixture(scope="module")
def ours(services: Services) -> Services:
    return {name: service for name, service in services.items() if is_ours(service)}


@pytest.fixture(scope="module")
def image_variables(built: Callable[[GoTool], Path]) -> Mapping[str, str]:
    return pairs(read_stages(built(READ_DOCKERFILE))[-1].only("ENV")["Env"])


def test_everything_is_there(services: Services) -> None:
    both = {"serve-1", "serve-2"}
    assert services.keys() == BROKERS | both | {
        *("redis", "topics", "transform", "ingest", "follows", "source", "prometheus", "grafana", "kafka-ui")
    }


def test_every_role_starts_with_its_settings(ours: Services, image_variables: Mapping[str, str]) -> None:
    for service in ours.values():
        assert service["command"][0] in COMMANDS
        settings = check(
            model(service), gather(flags(service), image_variables | service["environment"], known_settings())
        )
        published = {port["target"] for port in service.get("ports", [])}
        if isinstance(settings, ServeSettings):
            assert published == {settings.grpc_port, settings.http_port}


def test_every_role_is_shut_in(ours: Services) -> None:
    for service in ours.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert not service.keys() & {"user", "privileged", "cap_add", "volumes", "entrypoint"}


def test_no_service_gets_more_rights_than_at_the_start(services: Services) -> None:
    assert {tuple(service["security_opt"]) for service in services.values()} == {("no-new-privileges:true",)}


def test_ports_are_distinct_and_on_loopback(services: Services) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    numbers = [port["published"] for port in ports]
    assert len(numbers) == len(set(numbers))


def test_every_image_has_a_version(services: Services) -> None:
    tags = {service["image"].partition(":")[2] for service in services.values()}
    assert not tags & {"", "latest"}


def test_every_file_that_is_mounted_is_there_and_stays_as_it_is(services: Services) -> None:
    mounts = [mount for service in services.values() for mount in service.get("volumes", []) if mount["type"] == "bind"]
    assert mounts
    for mount in mounts:
        assert Path(mount["source"]).is_file(), mount["source"]
        assert mount["read_only"]


def test_services_that_others_await_have_a_health_check(services: Services) -> None:
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]
            else:
                assert (wait["condition"], name) == ("service_completed_successfully", "topics")
    assert services["topics"]["depends_on"].keys() == BROKERS


def test_a_role_is_not_killed_before_its_grace_is_over(ours: Services) -> None:
    grace = ProcessSettings().shutdown_grace_seconds
    for service in ours.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > grace + 5


def test_every_partition_is_on_three_brokers_and_a_write_on_two(services: Services) -> None:
    command = services["topics"]["command"]
    assert command[command.index("--replication-factor") + 1] == str(len(BROKERS))
    for broker in BROKERS:
        settings = services[broker]["environment"]
        assert int(settings["KAFKA_MIN_INSYNC_REPLICAS"]) == 2
        assert settings["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_redis_takes_the_settings_that_thunder_asks_for(services: Services, tmp_path: Path) -> None:
    words = services["redis"]["command"][1:]
    port = free_port()
    running = Child([redis_binary(), *words, "--port", str(port), "--dir", str(tmp_path)], tmp_path / "log")
    running.wait_for_output("Ready to accept connections")
    with redis.Redis(port=port, decode_responses=True) as client:
        wanted = ("maxmemory-policy", "appendonly", "zset-max-listpack-entries", "zset-max-listpack-value")
        held = client.config_get(*wanted)
    running.terminate()
    assert held == dict(zip(wanted, ("noeviction", "yes", "512", "128"), strict=True))


def test_prometheus_asks_every_role(ours: Services) -> None:
    configuration = yaml.safe_load((CHECKOUT / "docs" / "observability" / "prometheus.yaml").read_text())
    static, found = configuration["scrape_configs"]
    asked = {target for group in static["static_configs"] for target in group["targets"]}
    asked |= {f"{name}:{found['dns_sd_configs'][0]['port']}" for name in found["dns_sd_configs"][0]["names"]}
    assert asked == {f"{name}:8080" for name in ours if name != "topics"}


def test_grafana_finds_its_prometheus_and_its_dashboard(services: Services) -> None:
    (source,) = yaml.safe_load((CHECKOUT / "docs" / "observability" / "grafana-datasource.yaml").read_text())[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((CHECKOUT / "docs" / "observability" / "grafana-dashboards.yaml").read_text())[
        "providers"
    ]
    mounts = {mount["target"]: Path(mount["source"]) for mount in services["grafana"]["volumes"]}
    dashboard = mounts[f"{provider['options']['path']}/dashboard.json"]
    assert dashboard.suffix == ".json"
