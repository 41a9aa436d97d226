"""An exercise in consumer groups: a producer of temperatures, and consumers that each keep an incremental average."""

import random
from collections.abc import Generator
from statistics import mean

import pytest
from confluent_kafka import Consumer

from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from common.kafka.producer import ProducerRecord, TopicProducer
from common.kafka.topics import TopicConfiguration
from tests.support.kafka.broker import KafkaBroker
from tests.support.unused import unique
from tests.support.wait import eventually

PARTITIONS = 3
ROOMS = [f"room-{number}" for number in range(30)]


class AverageTemperature:
    """A consumer of its own. average: of the temperatures read so far; readings: where they stood in the topic."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        self.average = 0.0
        self.readings: list[tuple[int, int]] = []
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "log_level": 2}
        )
        self._consumer.subscribe([topic])

    @property
    def partitions(self) -> set[int]:
        """Those that the group gave it."""
        return {place.partition for place in self._consumer.assignment()}

    def read(self) -> int:
        """Take what there is; how many it has read in all."""
        for message in self._consumer.consume(1000, 0.05):
            if message.error() is None:
                self.readings.append((message.partition() or 0, message.offset() or 0))
                self.average += (float(message.value() or b"") - self.average) / len(self.readings)
        return len(self.readings)

    def close(self) -> None:
        self._consumer.close()


class Thermometers:
    """A topic of three partitions, whose temperatures are written when the consumers are ready."""

    def __init__(self, bootstrap: str) -> None:
        self.topic = unique("temperatures")
        self._bootstrap = bootstrap
        self._consumers: list[AverageTemperature] = []
        access = KafkaConnection(bootstrap)
        KafkaCluster(access).create_topics([TopicConfiguration(self.topic, PARTITIONS)])
        self._producer = TopicProducer(access, self.topic, timeout_seconds=30)

    def measure(self) -> list[float]:
        """Write ten temperatures of each room, keyed by the room."""
        generator = random.Random(0)
        temperatures = [(room, round(generator.gauss(21.0, 2.0), 2)) for _ in range(10) for room in ROOMS]
        self._producer.send(ProducerRecord(str(celsius).encode(), room.encode()) for room, celsius in temperatures)
        return [celsius for _, celsius in temperatures]

    def consumers(self, *groups: str) -> list[AverageTemperature]:
        """One for each name of a group, once each has its partitions."""
        self._consumers = [AverageTemperature(self._bootstrap, self.topic, group) for group in groups]

        def shared() -> bool:
            self.read()
            return all(consumer.partitions for consumer in self._consumers)

        eventually(shared, "partitions for every consumer")
        return self._consumers

    def read(self) -> int:
        """Let every consumer read; how many messages they have in all."""
        return sum([consumer.read() for consumer in self._consumers])

    def close(self) -> None:
        for consumer in self._consumers:
            consumer.close()
        self._producer.close()


@pytest.fixture
def thermometers(kafka: KafkaBroker) -> Generator[Thermometers]:
    thermometers = Thermometers(kafka.bootstrap)
    yield thermometers
    thermometers.close()


def test_one_consumer_gets_everything(thermometers: Thermometers) -> None:
    [consumer] = thermometers.consumers(unique("group"))
    written = thermometers.measure()
    eventually(lambda: thermometers.read() >= len(written), "all temperatures")
    assert consumer.partitions == set(range(PARTITIONS))
    assert len(set(consumer.readings)) == len(consumer.readings) == len(written)
    assert consumer.average == pytest.approx(mean(written))


def test_consumers_in_three_groups_each_get_everything(thermometers: Thermometers) -> None:
    consumers = thermometers.consumers(unique("one"), unique("two"), unique("three"))
    written = thermometers.measure()
    eventually(lambda: thermometers.read() >= 3 * len(written), "all temperatures, three times")
    for consumer in consumers:
        assert len(set(consumer.readings)) == len(consumer.readings) == len(written)
        assert consumer.average == pytest.approx(mean(written))


def test_consumers_in_one_group_share_the_partitions(
    thermometers: Thermometers,
) -> None:
    group = unique("group")
    consumers = thermometers.consumers(group, group, group)
    written = thermometers.measure()
    eventually(lambda: thermometers.read() >= len(written), "all temperatures")
    assert sorted(map(list, (consumer.partitions for consumer in consumers))) == [[0], [1], [2]]
    readings = [place for consumer in consumers for place in consumer.readings]
    assert len(set(readings)) == len(readings) == len(written)
    assert all({partition for partition, _ in each.readings} == each.partitions for each in consumers)
    assert sum(each.average * len(each.readings) for each in consumers) == pytest.approx(sum(written))
