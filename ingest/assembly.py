"""Builds the loop of one consumer thread from the settings."""

from functools import partial
from typing import NamedTuple

from common.clock import Clock
from common.kafka import consumer_configuration, rebalances_incrementally
from common.kafka_refusal import RefusalWatch
from common.kafka_settings import KafkaSettings
from common.lifecycle import Stop
from ingest.batch import Decoder
from ingest.batching import Batching
from ingest.catch_up_policy import CatchUpPolicy
from ingest.consumer import GroupConsumer
from ingest.dead_letters import DeadLetterTopic
from ingest.destinations import Destination
from ingest.loop import IngestLoop, Policies, Ports
from ingest.metrics import IngestMetrics
from ingest.poison import PoisonLimits
from ingest.start_offsets import StartPolicy
from ingest.write_gate import WriteGate


class Route(NamedTuple):
    """From where to where.

    expected_partitions: how many the topic must have, None for any number. written_topic: None for the store.
    """

    topic: str
    expected_partitions: int | None
    decode: Decoder
    destination: Destination
    writes_at_once: int
    written_topic: str | None = None


class Member(NamedTuple):
    """Which thread of the process this is, from 0; and how many partitions the topic has."""

    number: int
    partitions: int


def make_loop(
    settings: KafkaSettings,
    route: Route,
    member: Member,
    gate: WriteGate,
    metrics: IngestMetrics,
    clock: Clock,
    stop: Stop,
) -> IngestLoop:
    """A loop with a consumer, a sink and a producer of its own. ConfigurationError."""
    policies = policies_of(settings)
    ports = Ports(
        _consumer(settings, route.topic, member, policies.batching, metrics),
        route.decode,
        route.destination.sink(),
        DeadLetterTopic(settings, route.topic),
        partial(route.destination.report, route.topic, partitions=member.partitions),
    )
    return IngestLoop(route.topic, ports, policies, gate, metrics, clock, stop.is_set)


def policies_of(settings: KafkaSettings) -> Policies:
    """What the settings decide for a loop."""
    fetch_timeout, linger = settings.fetch_timeout_ms / 1000, settings.batch_linger_ms / 1000
    return Policies(
        Batching(settings.kafka_batch_size, settings.catch_up_batch_size, fetch_timeout, linger),
        PoisonLimits(settings.poison_consecutive_limit, settings.poison_window, settings.poison_window_share),
        CatchUpPolicy(settings.kafka_batch_size),
        lag_interval=settings.lag_monitor_interval_secs,
    )


def _consumer(
    settings: KafkaSettings, topic: str, member: Member, batching: Batching, metrics: IngestMetrics
) -> GroupConsumer:
    refusals = RefusalWatch(settings.consumer_access)
    return GroupConsumer(
        consumer_configuration(settings, member.number, refusals.notice),
        topic,
        batching,
        StartPolicy(settings.auto_offset_reset, settings.skip_to_latest),
        rebalances_incrementally(settings),
        refusals,
        metrics,
    )
