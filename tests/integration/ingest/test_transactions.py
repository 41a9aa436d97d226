"""Records that are never delivered count as passed: transaction markers, aborted and open transactions."""

from collections.abc import Generator

import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from common.settings.kafka import KafkaSettings
from ingest.loop import Adapters, IngestLoop
from ingest.metrics import IngestMetrics
from ingest.wiring import policies_of
from ingest.write_limiter import WriteLimiter
from tests.support.fakes.memory_adapters import DIGITS, MemoryDeadLetters, MemorySink
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic
from tests.support.unused import unique
from tests.support.wait import eventually


class Writer:
    """Writes transactions to a topic."""

    def __init__(self, topic: KafkaTopic) -> None:
        self._name = topic.name
        self._producer = Producer({"bootstrap.servers": topic.bootstrap, "transactional.id": unique("writer")})
        self._producer.init_transactions(30)

    def begin(self, first: int, last: int) -> None:
        self._producer.begin_transaction()
        for number in range(first, last + 1):
            self._producer.produce(self._name, b"%d" % number, partition=0)
        assert self._producer.flush(30) == 0

    def commit(self) -> None:
        self._producer.commit_transaction(30)

    def abort(self) -> None:
        self._producer.abort_transaction(30)


class Reader:
    """A loop on the topic; run() takes turns of it."""

    def __init__(self, topic: KafkaTopic) -> None:
        self.sink = MemorySink()
        self.consumer = topic.join()
        registry = CollectorRegistry()
        settings = KafkaSettings(kafka_group_id="g", kafka_batch_size=1, catch_up_batch_size=1)
        adapters = Adapters(self.consumer, DIGITS, self.sink, MemoryDeadLetters())
        policies = policies_of(settings)._replace(lag_interval=0)
        metrics = IngestMetrics(registry)
        self.loop = IngestLoop(topic.name, adapters, policies, WriteLimiter(1), metrics, lambda: 0, lambda: False)
        self._lag = lambda: registry.get_sample_value("kafka_partition_lag", {"topic": topic.name, "partition": "0"})

    @property
    def lag(self) -> float | None:
        return self._lag()


@pytest.fixture
def topic(kafka: KafkaBroker) -> KafkaTopic:
    return KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("posts")))


@pytest.fixture
def writer(topic: KafkaTopic) -> Writer:
    return Writer(topic)


@pytest.fixture
def reader(topic: KafkaTopic, writer: Writer) -> Generator[Reader]:
    """Reads a topic that ends with an aborted transaction."""
    writer.begin(1, 3)
    writer.commit()
    writer.begin(1001, 2500)
    writer.abort()
    made = Reader(topic)
    yield made
    made.consumer.close()


def ready(reader: Reader) -> bool:
    reader.loop.run_once()
    return reader.loop.caught_up


def test_an_aborted_transaction_is_passed(topic: KafkaTopic, reader: Reader) -> None:
    eventually(lambda: ready(reader), "the worker to be ready")
    assert reader.sink.ids == [1, 2, 3]
    end = 3 + 1 + 1500 + 1
    eventually(lambda: ready(reader) and topic.commits == {0: end}, "a commit at the end")
    assert reader.lag == 0


def test_an_open_transaction_is_no_lag_and_is_read_later(topic: KafkaTopic, writer: Writer, reader: Reader) -> None:
    writer.begin(4, 8)
    eventually(lambda: ready(reader), "the worker to be ready")
    eventually(lambda: ready(reader) and reader.lag == 0, "no lag: nothing more can be read")
    writer.commit()
    eventually(lambda: ready(reader) and reader.sink.ids == list(range(1, 9)), "the transaction")
    eventually(lambda: ready(reader) and topic.commits == {0: 3 + 1 + 1500 + 1 + 5 + 1}, "a commit at the end")
