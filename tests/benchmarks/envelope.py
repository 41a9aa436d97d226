"""Effect of many events in one Kafka message: python -m tests.benchmarks.envelope [--json].

Posts of the standard store go through the producer of the sources (one worker, four partitions) to a real broker, and
are read again: single and in envelopes, compressed and not. Producer CPU: encode, queue, pack, send, deliveries. Ingest
CPU: consume, open, decode and accept, without the write to Redis. Bytes are those on the broker's disk, which are those
on the wire. Of several rounds the lowest CPU counts. Trust ratios of one run, not runs of two days.
"""

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from common.kafka.configuration import Codec
from common.post import LightPost
from common.settings.ingest import IngestSettings
from common.settings.kafka import OffsetReset
from common.settings.producer import ProducerSettings
from ingest.batch import decode_batch
from ingest.decode.formats import ingest_format
from ingest.decode.refined_event import encode_event, event_key
from ingest.kafka.consumer import GroupConsumer
from ingest.metrics import IngestMetrics
from ingest.sources.producer.outgoing import Addressed, DeliveryFailure
from ingest.sources.producer.queued_producer import QueuedProducer
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries
from tests.support.unused import unique
from thunder.bench.standard_store import POSTS_PER_AUTHOR, posts

PARTITIONS = 4
EVENTS_PER_MESSAGE = (1, 10, 100, 1000)
CODECS = (Codec.NONE, Codec.LZ4, Codec.ZSTD)
GIVE_UP_SECONDS = 60.0


class Reading(NamedTuple):
    """Costs of one way to send; bytes and microseconds are per event."""

    events_per_message: int
    codec: Codec
    messages: int
    bytes: float
    producer_us: float
    ingest_us: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.envelope", description=__doc__)
    parser.add_argument("--authors", type=int, default=2000, help=f"each with {POSTS_PER_AUTHOR} posts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one list instead of a table")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress, TemporaryDirectory() as directory:
        readings = run(Path(directory), options.authors, options.rounds, progress)
    if options.json:
        print(json.dumps([reading._asdict() for reading in readings]))
    else:
        show(readings, options.authors * POSTS_PER_AUTHOR)


def run(directory: Path, authors: int, rounds: int, progress: Progress) -> list[Reading]:
    ways = list(product(EVENTS_PER_MESSAGE, CODECS))
    best: dict[tuple[int, Codec], Reading] = {}
    sent = list(posts(int(time.time()), authors))
    kafka = KafkaBroker(kafka_libraries(progress.console.print), directory, progress.console.print)
    try:
        for way in progress.track(ways * rounds, description="sending and reading"):
            reading = measure(kafka, sent, *way)
            best[way] = cheaper(best.get(way, reading), reading)
    finally:
        kafka.kill()
    return list(best.values())


def measure(kafka: KafkaBroker, sent: list[LightPost], events_per_message: int, codec: Codec) -> Reading:
    topic = kafka.create_topic(unique("envelopes"), PARTITIONS)
    messages, producer_seconds = send(kafka, topic, sent, events_per_message, codec)
    ingest_seconds = read(kafka, topic, len(sent))
    on_disk = sum(path.stat().st_size for path in kafka.segments(topic))
    per_event = (figure / len(sent) for figure in (on_disk, producer_seconds * 1e6, ingest_seconds * 1e6))
    return Reading(events_per_message, codec, messages, *per_event)


def send(
    kafka: KafkaBroker, topic: str, sent: list[LightPost], events_per_message: int, codec: Codec
) -> tuple[int, float]:
    """Number of messages, and CPU seconds until all posts are acknowledged."""

    def address(post: LightPost) -> Addressed:
        return Addressed(topic, event_key(post), encode_event(post))

    def delivered(_: LightPost, failure: DeliveryFailure | None) -> None:
        if failure is not None:
            sys.exit(f"a post was not delivered: {failure.reason}")

    settings = ProducerSettings(
        in_network_events_consumer_dest=kafka.bootstrap, events_per_message=events_per_message, compression=codec.value
    )
    began = time.process_time()
    producer = QueuedProducer(settings, address, delivered)
    for post in sent:
        producer.put(post)
    producer.close(GIVE_UP_SECONDS)
    return producer.figures().messages, time.process_time() - began


def read(kafka: KafkaBroker, topic: str, count: int) -> float:
    """CPU seconds until a member of a group has decoded all posts."""
    settings = IngestSettings(
        in_network_events_consumer_dest=kafka.bootstrap,
        kafka_group_id=unique("benchmark"),
        auto_offset_reset=OffsetReset.SMALLEST,
    )
    form = ingest_format(settings)
    began, decoded = time.process_time(), 0
    member = GroupConsumer(settings, topic, 0, IngestMetrics(CollectorRegistry()))
    try:
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while decoded < count and time.monotonic() < give_up:
            messages = member.poll(settings.kafka_batch_size)
            decoded += len(decode_batch(messages, form, int(time.time())).events)
    finally:
        member.close()
    if decoded != count:
        sys.exit(f"{decoded} posts of {count} arrived")
    return time.process_time() - began


def cheaper(one: Reading, other: Reading) -> Reading:
    """The lowest CPU of both sides, and the figures of the latter."""
    return other._replace(
        producer_us=min(one.producer_us, other.producer_us), ingest_us=min(one.ingest_us, other.ingest_us)
    )


def show(readings: list[Reading], events: int) -> None:
    console = Console()
    console.print(f"{events:,} posts each; per event: bytes on disk, CPU of producer and of ingest")
    table = Table("events per message", "codec", "messages", "bytes", "producer us", "ingest us")
    for events_per_message, codec, messages, *figures in readings:
        table.add_row(str(events_per_message), codec, f"{messages:,}", *(f"{figure:.1f}" for figure in figures))
    console.print(table)


if __name__ == "__main__":
    main()
