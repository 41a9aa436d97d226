"""A producer that says when everything is acknowledged."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from common.errors import KafkaUnavailable
from common.kafka.configuration import producer_configuration
from common.kafka.refusal import RefusalWatch, client_configuration, error_of
from common.kafka.settings import KafkaSettings

_SLICE_SECONDS = 0.5
"""How often a refusal is looked for while acknowledgements are awaited."""

_REPORT_SECONDS = 5.0
"""Time for the last reports, after which every message was delivered or given up by librdkafka."""


class Outgoing(NamedTuple):
    """A message to send."""

    value: bytes
    key: bytes | None
    headers: dict[str, str | bytes | None]


class _Receipt:
    """What became of the messages of one send. Called by librdkafka with each report."""

    def __init__(self) -> None:
        self.awaited = 0
        self.failure: KafkaError | None = None

    def __call__(self, error: KafkaError | None, _: KafkaMessage) -> None:
        self.awaited -= 1
        self.failure = self.failure or error


class AcknowledgedProducer:
    """Sends to one topic, a batch at a time. For one thread."""

    def __init__(self, settings: KafkaSettings, topic: str, patience_seconds: float) -> None:
        """patience_seconds: how long librdkafka tries to deliver a message before send() gives up."""
        self._topic = topic
        self._patience = patience_seconds
        access = settings.producer_access
        self._refusals = RefusalWatch(access)
        with client_configuration():
            self._producer = Producer(producer_configuration(access, patience_seconds, self._refusals.notice))

    def send(self, messages: Iterable[Outgoing]) -> None:
        """Return when all are acknowledged by all in-sync replicas. Blocks, a little longer than the patience at most.

        KafkaUnavailable when some are not: the call may be made again, it then repeats those that are. KafkaRefused.
        """
        receipt = _Receipt()
        for message in messages:
            self._enqueue(message, receipt)
        give_up = time.monotonic() + self._patience + _REPORT_SECONDS
        while receipt.awaited and time.monotonic() < give_up:
            self._producer.flush(_SLICE_SECONDS)
            self._refusals.raise_if_refused()
        if receipt.failure is not None:
            raise self._failed(receipt.failure)
        if receipt.awaited:
            raise KafkaUnavailable(f"{receipt.awaited} messages to {self._topic} were not acknowledged in time")

    def _enqueue(self, message: Outgoing, receipt: _Receipt) -> None:
        while True:
            try:
                self._producer.produce(
                    self._topic, message.value, message.key, headers=message.headers, on_delivery=receipt
                )
            except BufferError:
                self._producer.poll(_SLICE_SECONDS)
                self._refusals.raise_if_refused()
            except KafkaException as failure:
                raise self._failed(error_of(failure)) from failure
            else:
                receipt.awaited += 1
                return

    def _failed(self, error: KafkaError) -> KafkaUnavailable:
        self._refusals.notice(error)
        self._refusals.raise_if_refused()
        return KafkaUnavailable(f"messages to {self._topic} were not delivered: {error.str()}")
