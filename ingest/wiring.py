"""Builds the loop of one consumer thread from the settings."""

from functools import partial
from typing import Generic, NamedTuple

from common.lifecycle import Stop
from common.settings.kafka import KafkaSettings
from common.timing import Clock
from ingest.batch import E, Format
from ingest.dead_letters.limits import DeadLetterLimits
from ingest.dead_letters.writer import DeadLetterTopic
from ingest.destinations import Destination
from ingest.kafka.catch_up import CatchUpPolicy
from ingest.kafka.consumer import GroupConsumer
from ingest.kafka.lineage import LineageSource
from ingest.loop import Adapters, IngestLoop, Policies, WriteLimiter, batching_of
from ingest.metrics import IngestMetrics


class Route(NamedTuple, Generic[E]):
    """From where to where.

    expected_partitions: how many the topic must have, None for any number. written_topic: None for the store.
    rebuild: fill the destination anew, whatever was committed without saying for which data.
    """

    topic: str
    expected_partitions: int | None
    form: Format[E]
    destination: Destination[E]
    writes_at_once: int
    written_topic: str | None = None
    rebuild: bool = False


class ConsumerThread(NamedTuple):
    """Which thread of the process this is, from 0; and how many partitions the topic has."""

    number: int
    partitions: int


def make_loop(
    settings: KafkaSettings,
    route: Route[E],
    member: ConsumerThread,
    gate: WriteLimiter,
    metrics: IngestMetrics,
    clock: Clock,
    stop: Stop,
) -> IngestLoop[E]:
    """A loop with a consumer, a sink and a producer of its own. ConfigurationError."""
    destination = route.destination
    refill = LineageSource(lambda: destination.lineage, lambda: destination.needed_since(clock()))
    ports = Adapters(
        GroupConsumer(settings, route.topic, member.number, metrics, refill, rebuild=route.rebuild),
        route.form,
        destination.sink(),
        DeadLetterTopic(settings, route.topic),
        partial(destination.report, route.topic, partitions=member.partitions),
    )
    return IngestLoop(route.topic, ports, policies_of(settings), gate, metrics, clock, stop.is_set)


def policies_of(settings: KafkaSettings) -> Policies:
    """What the settings decide for a loop."""
    return Policies(
        batching_of(settings),
        DeadLetterLimits(settings.poison_consecutive_limit, settings.poison_window, settings.poison_window_share),
        CatchUpPolicy(settings.kafka_batch_size),
        lag_interval=settings.lag_monitor_interval_secs,
    )
