"""The sink of the transformer: the refined topic."""

from collections.abc import Sequence

from common.errors import KafkaUnavailable, ThunderError
from common.kafka.producer import ProducerRecord, TopicProducer
from common.settings.kafka import KafkaSettings
from common.telemetry.tracing import outgoing
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import Event

TIMEOUT_SECONDS = 120.0
"""Longer than a restart of brokers; less than half of the time allowed between two polls."""

_ROUNDS = 2
"""Sends of a batch, each with the whole timeout, before the worker stops."""


class SendFailed(ThunderError):
    """The refined topic does not accept messages. Nothing that was not acknowledged is committed."""


class RefinedTopicSink:
    """Writes events to the refined topic, keyed so that a create and its delete share a partition. For one thread."""

    def __init__(self, settings: KafkaSettings, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._topic = settings.innetwork_post_topic
        self._producer = TopicProducer(settings.producer_connection, self._topic, timeout_seconds)
        self._failed_rounds = 0

    def write(self, events: Sequence[Event], now: int) -> None:
        """Return when all are acknowledged. KafkaUnavailable; SendFailed when the same call failed twice. Blocks."""
        try:
            headers = outgoing()
            self._producer.send(ProducerRecord(encode_event(event), event_key(event), headers) for event in events)
        except KafkaUnavailable as failure:
            self._failed_rounds += 1
            if self._failed_rounds >= _ROUNDS:
                raise SendFailed(f"{SendFailed.__doc__} Topic {self._topic}: {failure}") from failure
            raise
        self._failed_rounds = 0
