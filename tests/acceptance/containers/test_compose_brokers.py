"""The brokers of compose.yaml are one cluster, in which a write survives the death of any of them."""

import json
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from tests.acceptance.containers.compose import Service, read_services
from tests.acceptance.containers.compose_brokers import ComposeBrokers
from tests.support.kafka.libraries import kafka_libraries
from tests.support.processes.thunder import Thunder
from tests.support.programs.go_tools import COMPOSE_SPEC, GoTool
from tests.support.programs.installed import Progress, program
from tests.support.wait import eventually


@pytest.fixture(scope="module")
def services(built: Callable[[GoTool], Path]) -> dict[str, Service]:
    return read_services(built(COMPOSE_SPEC))


@pytest.fixture
def brokers(services: dict[str, Service], progress: Progress, tmp_path: Path) -> Generator[ComposeBrokers]:
    java = program("java", "default-jre-headless", progress)
    three = {name: service for name, service in services.items() if name.startswith("kafka-") and name[-1].isdigit()}
    brokers = ComposeBrokers(three, java, kafka_libraries(progress), tmp_path)
    yield brokers
    brokers.kill()


def test_writes_survive_the_death_of_a_broker(
    services: dict[str, Service], brokers: ComposeBrokers, thunder: Thunder
) -> None:
    KafkaCluster(KafkaConnection(brokers.bootstrap)).wait_for_brokers(seconds=60)
    assert services["topics"]["restart"] == "on-failure", "it may come before the third broker has joined"
    runs: list[str] = []

    def created() -> bool:
        done = thunder.run(*services["topics"]["command"], "--json", env={"KAFKA_BROKERS": brokers.bootstrap})
        runs.append(done.stdout)
        return done.returncode == 0

    eventually(created, "topics on three brokers", timeout=60)
    topics = {topic["name"]: topic["partitions"] for topic in json.loads(runs[-1])["topics"]}
    assert topics.items() >= {"innetwork_post": 12, "tweet_events": 12, "follows": 12}.items()

    brokers.kill_one()
    producer = Producer({"bootstrap.servers": brokers.bootstrap, "acks": "all"})
    failures: list[object] = []
    for partition in range(12):
        producer.produce(
            "innetwork_post", b"post", partition=partition, on_delivery=lambda error, _: failures.append(error)
        )
    assert producer.flush(60) == 0
    assert failures == [None] * 12
