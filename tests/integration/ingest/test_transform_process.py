"""`thunder transform` as a process: raw Thrift events in, keyed InNetworkEvents out."""

import time

import pytest
from confluent_kafka import Message

from common.post import LightPost
from ingest.decode.refined_event import decode_event
from ingest.events import PostDelete
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic, read_topic
from tests.support.processes.thunder import Role, Thunder
from tests.support.thrift.golden_tweets import core_data, create, delete, event, golden
from tests.support.unused import unique
from tests.support.wait import eventually

PARTITIONS = 4


class Transformer:
    """Starts `thunder transform` between two topics of its own."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker) -> None:
        self.raw = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("tweet_events"), PARTITIONS))
        self.refined = unique("innetwork_post")
        self._thunder = thunder
        self._bootstrap = kafka.bootstrap

    def start(self) -> Role:
        return self._thunder.start(
            *("transform", "--kafka-group-id", self.raw.group, "--in-network-events-consumer-dest", self._bootstrap),
            *("--tweet-events-topic", self.raw.name, "--innetwork-post-topic", self.refined),
            *("--auto-offset-reset", "smallest", "--fetch-timeout-ms", "200"),
        )

    def ready(self) -> Role:
        role = self.start()
        role.wait_until_ready()
        return role

    def messages(self, count: int) -> list[Message]:
        return read_topic(self._bootstrap, self.refined, lambda messages: len(messages) >= count)

    def events(self, count: int) -> list[LightPost | PostDelete]:
        """Creates and deletes in the refined topic, by post id."""
        decoded = [decode_event(message.value() or b"") for message in self.messages(count)]
        events = [event for event in decoded if isinstance(event, (LightPost, PostDelete))]
        return sorted(events, key=lambda event: event.post_id)


@pytest.fixture
def transformer(thunder: Thunder, kafka: KafkaBroker) -> Transformer:
    made = Transformer(thunder, kafka)
    kafka.create_topic(made.refined, PARTITIONS)
    return made


def created(post_id: int, now: int) -> bytes:
    return create(core=core_data(created_at_secs=now), tweet={"id": post_id})


def test_events_are_refined_before_offsets_are_committed(transformer: Transformer) -> None:
    now = int(time.time())
    quote_delete = golden.QuotedDelete(quoting_tweet_id=3, quoting_user_id=30, quoted_tweet_id=1, quoted_user_id=10)
    transformer.raw.produce(
        created(1, now),
        delete(post_id=2),
        event(quoted_tweet_delete_event=quote_delete),
        create(core=core_data(nullcast=True), tweet={"id": 4}),
        event(tweet_undelete=golden.Undelete()),
        b"junk",
        None,
    )
    role = transformer.ready()
    post, *deletes = transformer.events(3)
    assert post == LightPost(1, 10, now)
    assert [deleted.post_id for deleted in deletes] == [2, 3]
    assert all(isinstance(deleted, PostDelete) and 0 <= deleted.deleted_at - now < 60 for deleted in deletes)
    eventually(lambda: transformer.raw.commits[0] == 7, "a commit past all messages")
    metrics = role.metrics()
    assert metrics.value("ingest_dropped_events_total", reason="nullcast") == 1
    assert metrics.value("ingest_ignored_events_total", kind="tweet_undelete") == 1
    assert metrics.value("kafka_messages_failed_parse_total") == 1
    assert role.terminate() == 0


def test_a_create_and_its_delete_share_a_partition(transformer: Transformer) -> None:
    now = int(time.time())
    for post_id in range(1, 51):
        transformer.raw.produce(created(post_id, now), delete(post_id=post_id), partition=post_id % PARTITIONS)
    transformer.ready()
    partitions: dict[bytes | None, set[int | None]] = {}
    for message in transformer.messages(100):
        partitions.setdefault(message.key(), set()).add(message.partition())
    assert partitions.keys() == {b"%d" % post_id for post_id in range(1, 51)}
    assert all(len(places) == 1 for places in partitions.values())
    assert {place for places in partitions.values() for place in places} == set(range(PARTITIONS))


def test_it_waits_for_the_topic_it_writes(thunder: Thunder, kafka: KafkaBroker) -> None:
    transformer = Transformer(thunder, kafka)
    role = transformer.start()
    role.wait_for_output(f"Waiting for Kafka topic {transformer.refined} at {kafka.bootstrap}: no such topic")
    kafka.create_topic(transformer.refined)
    role.wait_until_ready()
    assert role.terminate() == 0


def test_a_restarted_transformer_goes_on_where_it_was(transformer: Transformer) -> None:
    now = int(time.time())
    first = transformer.ready()
    transformer.raw.produce(created(1, now))
    transformer.events(1)
    assert first.terminate() == 0
    transformer.raw.produce(created(2, now))
    transformer.ready()
    assert [post.post_id for post in transformer.events(2)] == [1, 2]
