"""Builds the loop of one consumer thread from the settings."""

from functools import partial
from typing import Generic, NamedTuple

from common.clock import Clock
from common.kafka.settings import KafkaSettings
from common.lifecycle import Stop
from ingest.batch import E, Format
from ingest.batching import batching_of
from ingest.catch_up_policy import CatchUpPolicy
from ingest.consumer import GroupConsumer
from ingest.dead_letters import DeadLetterTopic
from ingest.destinations import Destination
from ingest.loop import IngestLoop, Policies, Ports
from ingest.metrics import IngestMetrics
from ingest.poison import PoisonLimits
from ingest.refill import Refill
from ingest.write_gate import WriteGate


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


class Member(NamedTuple):
    """Which thread of the process this is, from 0; and how many partitions the topic has."""

    number: int
    partitions: int


def make_loop(
    settings: KafkaSettings,
    route: Route[E],
    member: Member,
    gate: WriteGate,
    metrics: IngestMetrics,
    clock: Clock,
    stop: Stop,
) -> IngestLoop[E]:
    """A loop with a consumer, a sink and a producer of its own. ConfigurationError."""
    destination = route.destination
    refill = Refill(lambda: destination.lineage, lambda: destination.needed_since(clock()))
    ports = Ports(
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
        PoisonLimits(settings.poison_consecutive_limit, settings.poison_window, settings.poison_window_share),
        CatchUpPolicy(settings.kafka_batch_size),
        lag_interval=settings.lag_monitor_interval_secs,
    )
