"""The Kafka that is measured with: a broker inside this process, or given ones; topics are new in each run.

The broker inside this process keeps a few megabytes of each partition: compressed, that is more than a backlog of
BACKLOG_EVENTS.
"""

import secrets
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from common.errors import KafkaUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection, SecurityProtocol
from common.kafka.topics import TopicConfiguration
from common.post import LightPost
from ingest.decode.refined_event import encode_event, event_key
from thunder.embedded.kafka_cluster import ASSIGNMENT_STRATEGY, PARTITIONS, EmbeddedKafka

BACKLOG_EVENTS = 400_000

Encoder = Callable[[LightPost], bytes]

DEAD_LETTERS = "thunder_bench_dead_letters"

_SECONDS_TO_ANSWER = 10.0
_SECONDS_TO_DELIVER = 120.0
_RETENTION_SECONDS = 86_400


class BenchKafka(NamedTuple):
    """Brokers, as host:port."""

    brokers: str
    owner: EmbeddedKafka | None

    def new_topic(self) -> str:
        """Creates a topic of PARTITIONS partitions. Raises KafkaUnavailable."""
        name = f"thunder_bench_{secrets.token_hex(4)}"
        if self.owner:
            self.owner.create_topic(name)
        else:
            cluster = KafkaCluster(KafkaConnection(self.brokers, SecurityProtocol.PLAINTEXT))
            cluster.wait_for_brokers(seconds=_SECONDS_TO_ANSWER)
            cluster.create_topics([TopicConfiguration(name, PARTITIONS, None, _RETENTION_SECONDS)])
        return name

    def flags(self, topic: str, group: str, *, raw: bool = False) -> Mapping[str, str]:
        """Flags of a worker that reads this topic from its beginning; raw: its events are in Thrift."""
        return {
            "--in-network-events-consumer-dest": self.brokers,
            "--kafka-group-id": group,
            "--auto-offset-reset": "smallest",
            "--partition-assignment-strategy": ASSIGNMENT_STRATEGY,
            "--dead-letter-topic": DEAD_LETTERS,
            # The broker inside this process answers a waiting fetch at its end only, not as soon as there is a message.
            **({"--kafka-property": "fetch.wait.max.ms=5"} if self.owner else {}),
            **({"--events": "raw", "--tweet-events-topic": topic} if raw else {"--innetwork-post-topic": topic}),
        }


@contextmanager
def bench_kafka(brokers: str | None) -> Generator[BenchKafka]:
    """The given brokers, or one that lives in this process until the end of the block."""
    if brokers:
        yield BenchKafka(brokers, None)
        return
    embedded = EmbeddedKafka()
    try:
        embedded.create_topic(DEAD_LETTERS)
        yield BenchKafka(embedded.bootstrap_servers, embedded)
    finally:
        embedded.stop()


def produce(kafka: BenchKafka, topic: str, posts: Iterable[LightPost], encode: Encoder = encode_event) -> int:
    """Sends posts as quickly as the broker takes them; their number. Raises KafkaUnavailable. Blocks."""
    producer = Producer(
        {
            "bootstrap.servers": kafka.brokers,
            "linger.ms": 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 2 * BACKLOG_EVENTS,
            "log_level": 0,
        }
    )
    failures: list[KafkaError] = []
    count = 0

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error:
            failures.append(error)

    for post in posts:
        producer.produce(topic, encode(post), event_key(post), on_delivery=delivered)
        count += 1
        if count % 10_000 == 0:
            producer.poll(0)
    undelivered = producer.flush(_SECONDS_TO_DELIVER)
    producer.close()
    if undelivered or failures:
        raise KafkaUnavailable(f"the brokers did not accept events: {failures[0] if failures else 'no answer'}")
    return count


class GroupProgress:
    """Reads the commits of a group without being a member of it."""

    def __init__(self, kafka: BenchKafka, topic: str, group: str) -> None:
        """Connects in the background."""
        self._client = Consumer({"bootstrap.servers": kafka.brokers, "group.id": group, "log_level": 0})
        self._events = 0
        self._partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]

    def events(self) -> int:
        """Counts events below the committed offsets, as last known. Raises KafkaUnavailable."""
        try:
            committed = self._client.committed(self._partitions, timeout=_SECONDS_TO_ANSWER)
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            if not reason.retriable() and reason.code() != KafkaError.NOT_COORDINATOR:
                raise KafkaUnavailable(f"the brokers do not answer: {error}") from error
        else:
            self._events = sum(max(0, position.offset) for position in committed)
        return self._events

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()
