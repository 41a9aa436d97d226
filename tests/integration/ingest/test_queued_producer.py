"""The producer of the sources on a real broker."""

import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from common.errors import KafkaRefused
from common.kafka.configuration import Codec
from common.post import LightPost
from common.settings.kafka import Framing
from common.settings.producer import ProducerSettings, SendMode
from ingest.decode.formats import refined_opener
from ingest.decode.refined_event import decode_event, encode_event, event_key
from ingest.events import PostDelete
from ingest.sources.producer.outgoing import Addressed, DeliveryFailure
from ingest.sources.producer.partitions import partition_of
from ingest.sources.producer.queued_producer import QueuedProducer
from tests.support.kafka.broker import SASL_USER, KafkaBroker
from tests.support.kafka.topic import read_topic
from tests.support.unused import free_port, unique
from tests.support.wait import eventually

PARTITIONS = 3
SOON_BACK = ("reconnect.backoff.max.ms=500",)
"""Longest wait until a client connects again to brokers that were away, ten seconds by default."""
CODEC_BITS = {Codec.NONE: 0, Codec.GZIP: 1, Codec.SNAPPY: 2, Codec.LZ4: 3, Codec.ZSTD: 4}


class Outbox:
    """A producer of (key, number) for one topic, and its delivery reports."""

    def __init__(self, kafka: KafkaBroker, topic: str = "", **settings: object) -> None:
        self.topic = topic or kafka.create_topic(unique("sent"), PARTITIONS)
        self.delivered: list[tuple[bytes, int]] = []
        self.failed: dict[tuple[bytes, int], str] = {}
        self.producer = QueuedProducer[tuple[bytes, int]](
            ProducerSettings.model_validate({"in_network_events_consumer_dest": kafka.bootstrap, **settings}),
            lambda item: Addressed(self.topic, item[0], encode_event(PostDelete(item[1], 1))),
            self._report,
        )

    def _report(self, item: tuple[bytes, int], failure: DeliveryFailure | None) -> None:
        if failure is None:
            self.delivered.append(item)
        else:
            self.failed[item] = failure.reason


def keyed(count: int, keys: int = 20) -> list[tuple[bytes, int]]:
    return [(b"%d" % (number % keys), number) for number in range(1, count + 1)]


def numbers_by_partition(messages: list[Message]) -> dict[int, list[int]]:
    opened = refined_opener(Framing.NONE)
    numbers: dict[int, list[int]] = defaultdict(list)
    for message in messages:
        for payload in opened(message.value() or b""):
            event = decode_event(payload)
            assert isinstance(event, PostDelete)
            numbers[message.partition() or 0].append(event.post_id)
    return dict(numbers)


def holds(count: int) -> Callable[[list[Message]], bool]:
    return lambda messages: sum(map(len, numbers_by_partition(messages).values())) >= count


@pytest.mark.parametrize(
    "settings",
    [
        {"producer_workers": 4},
        {"producer_workers": 4, "events_per_message": 10},
        {"producer_workers": 4, "sending": "sync", "linger_ms": 0},
    ],
    ids=["async", "envelopes", "sync"],
)
def test_four_workers_keep_the_order_of_each_key(kafka: KafkaBroker, settings: dict[str, Any]) -> None:
    outbox, items = Outbox(kafka, **settings), keyed(1000)
    for item in items:
        outbox.producer.put(item)
    outbox.producer.close(30)
    assert sorted(outbox.delivered, key=lambda item: item[1]) == items
    arrived = numbers_by_partition(read_topic(kafka.bootstrap, outbox.topic, holds(len(items))))
    for key in {key for key, _ in items}:
        sent = [number for its, number in items if its == key]
        assert [number for number in arrived[partition_of(key, PARTITIONS)] if number in sent] == sent


@pytest.mark.parametrize("key", [b"1", b"12", b"123", b"1234", b"1730000000000000000", b"\xff\x80\x00z"])
def test_librdkafka_chooses_the_same_partition_for_a_key(kafka: KafkaBroker, key: bytes) -> None:
    outbox = Outbox(kafka)
    outbox.producer.put((key, 1))
    outbox.producer.close(30)
    (message,) = read_topic(kafka.bootstrap, outbox.topic, holds(1))
    assert (message.partition(), message.key()) == (partition_of(key, PARTITIONS), key)


def test_events_of_an_envelope_are_where_each_would_be_alone(kafka: KafkaBroker) -> None:
    alone, together = Outbox(kafka), Outbox(kafka, events_per_message=50)
    for outbox in (alone, together):
        for item in keyed(500, keys=500):
            outbox.producer.put(item)
        outbox.producer.close(30)
    single, sealed = (read_topic(kafka.bootstrap, outbox.topic, holds(500)) for outbox in (alone, together))
    assert numbers_by_partition(sealed) == numbers_by_partition(single)
    assert len(single) == 500
    assert len(sealed) == together.producer.figures().messages < 30


@pytest.mark.parametrize("codec", Codec)
def test_each_codec_arrives(kafka: KafkaBroker, codec: Codec) -> None:
    outbox = Outbox(kafka, compression=codec.value)
    for item in keyed(300):
        outbox.producer.put(item)
    outbox.producer.close(30)
    read_topic(kafka.bootstrap, outbox.topic, holds(300))
    assert codecs_on_disk(kafka, outbox.topic) == {CODEC_BITS[codec]}


def test_a_topic_may_be_compressed_in_its_own_way(kafka: KafkaBroker) -> None:
    topics = [kafka.create_topic(unique("codecs")) for _ in range(2)]
    producer = QueuedProducer[str](
        ProducerSettings(in_network_events_consumer_dest=kafka.bootstrap, compression=f"gzip,{topics[1]}=zstd"),
        lambda topic: Addressed(topic, b"key", bytes(1000)),
        lambda topic, failure: None,
    )
    for topic in topics:
        producer.put(topic)
    producer.close(30)
    assert [codecs_on_disk(kafka, topic) for topic in topics] == [{1}, {4}]


def codecs_on_disk(kafka: KafkaBroker, topic: str) -> set[int]:
    """The codec of the first batch of each partition that holds one."""
    return {codec_bits(path) for path in kafka.segments(topic) if path.stat().st_size}


def codec_bits(segment: Path) -> int:
    (attributes,) = struct.unpack(">h", segment.read_bytes()[21:23])
    return attributes & 7


def test_an_outage_delays_what_is_sent_and_loses_nothing(kafka: KafkaBroker) -> None:
    outbox, items = Outbox(kafka, queue_size=100, kafka_property=SOON_BACK), keyed(1000)
    outbox.producer.put(items[0])
    eventually(lambda: outbox.delivered, "the first has arrived")
    kafka.stop()
    with ThreadPoolExecutor(1) as source:
        feeding = source.submit(lambda: [outbox.producer.put(item) for item in items[1:]])
        eventually(lambda: outbox.producer.figures().queued == 100, "the source is held back")
        kafka.restart()
        feeding.result(60)
    outbox.producer.close(60)
    figures = outbox.producer.figures()
    assert (figures.produced, figures.failed, figures.dropped) == (1000, 0, 0)
    arrived = numbers_by_partition(read_topic(kafka.bootstrap, outbox.topic, holds(1000)))
    assert sorted(number for numbers in arrived.values() for number in numbers) == [number for _, number in items]
    assert all(numbers == sorted(numbers) for numbers in arrived.values())


def test_a_fast_source_fills_the_queue_and_no_more(kafka: KafkaBroker) -> None:
    outbox = Outbox(kafka, queue_size=100, when_full="drop", kafka_property=SOON_BACK)
    kafka.stop()
    taken = [outbox.producer.put(item) for item in keyed(5000)]
    assert taken == [True] * 100 + [False] * 4900
    figures = outbox.producer.figures()
    assert (figures.queued, figures.dropped) == (100, 4900)
    kafka.restart()
    outbox.producer.close(60)
    assert outbox.producer.figures()[:4] == (0, 100, 0, 4900)


def test_a_fast_source_is_slowed_down_to_what_kafka_takes(kafka: KafkaBroker) -> None:
    outbox, most, done = Outbox(kafka, queue_size=200), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.001):
            most = max(most, outbox.producer.figures().queued)

    with ThreadPoolExecutor(1) as watching:
        watcher = watching.submit(watch)
        for item in keyed(20_000):
            outbox.producer.put(item)
        outbox.producer.close(60)
        done.set()
        watcher.result(30)
    assert most == 200
    assert outbox.producer.figures().produced == 20_000


def test_a_message_too_large_fails_and_the_others_arrive(kafka: KafkaBroker) -> None:
    topic, reported = kafka.create_topic(unique("sizes")), dict[int, DeliveryFailure | None]()
    producer = QueuedProducer[int](
        ProducerSettings(in_network_events_consumer_dest=kafka.bootstrap, compression="none"),
        lambda size: Addressed(topic, b"key", bytes(size)),
        reported.__setitem__,
    )
    for size in (10, 2_000_000, 20):
        producer.put(size)
    producer.close(30)
    assert {size: failure is None for size, failure in reported.items()} == {10: True, 2_000_000: False, 20: True}
    assert "Message size too large" in str(reported[2_000_000])
    assert (producer.figures().produced, producer.figures().failed) == (2, 1)


def test_an_envelope_as_large_as_may_be_arrives(kafka: KafkaBroker) -> None:
    topic = kafka.create_topic(unique("large"))
    producer = QueuedProducer[int](
        ProducerSettings(
            in_network_events_consumer_dest=kafka.bootstrap,
            compression="none",
            events_per_message=1_000_000,
            linger_ms=1000,
        ),
        lambda number: Addressed(topic, b"key", b"\x0a" + b"%d" % number + bytes(10_000)),
        lambda number, failure: None,
    )
    for number in range(200):
        producer.put(number)
    producer.close(30)
    figures = producer.figures()
    assert (figures.produced, figures.failed, figures.messages) == (200, 0, 3)


def test_a_wrong_password_surfaces_at_put_and_ends_soon(kafka: KafkaBroker) -> None:
    outbox = Outbox(
        kafka,
        unique("secret"),
        in_network_events_producer_dest=kafka.sasl_bootstrap,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        kafka_sasl_user=SASL_USER,
        kafka_sasl_password="wrong",
    )
    numbers = iter(range(10_000))

    def is_refused() -> bool:
        try:
            outbox.producer.put((b"key", next(numbers)))
        except KafkaRefused as refusal:
            return SASL_USER in str(refusal)
        return False

    eventually(is_refused, "the refusal surfaces")
    began = time.monotonic()
    with pytest.raises(KafkaRefused):
        outbox.producer.close(60)
    assert time.monotonic() < began + 30
    assert len(outbox.failed) == outbox.producer.figures().failed > 0


@pytest.mark.parametrize("sending", SendMode)
def test_what_no_broker_takes_is_given_up_soon(sending: SendMode) -> None:
    producer, failed = nowhere(sending)
    for number in range(2000):
        producer.put(number)
    began = time.monotonic()
    producer.close(0.5)
    assert time.monotonic() < began + 5
    assert sorted(failed) == list(range(2000))
    assert producer.figures().failed == 2000


def nowhere(sending: SendMode) -> tuple[QueuedProducer[int], list[int]]:
    """A producer without its broker, and the events that it failed to deliver."""
    failed: list[int] = []
    settings = ProducerSettings(in_network_events_consumer_dest=f"127.0.0.1:{free_port()}", sending=sending)
    producer = QueuedProducer[int](
        settings, lambda number: Addressed("posts", b"key", b"value"), lambda number, _: failed.append(number)
    )
    return producer, failed


def test_a_topic_that_does_not_exist_is_reported_in_time(kafka: KafkaBroker) -> None:
    outbox = Outbox(kafka, unique("missing"), delivery_timeout_ms=1000)
    outbox.producer.put((b"key", 1))
    eventually(lambda: outbox.failed, "the event has failed")
    outbox.producer.close(30)


def test_a_post_arrives_as_it_was_encoded(kafka: KafkaBroker) -> None:
    topic, post = kafka.create_topic(unique("posts")), LightPost(10**18, 7, 1_700_000_000, has_video=True)
    producer = QueuedProducer[LightPost](
        ProducerSettings(in_network_events_consumer_dest=kafka.bootstrap),
        lambda post: Addressed(topic, event_key(post), encode_event(post)),
        lambda post, failure: None,
    )
    producer.put(post)
    producer.close(30)
    (message,) = read_topic(kafka.bootstrap, topic, lambda messages: len(messages) >= 1)
    assert decode_event(message.value() or b"") == post
