"""The edge to librdkafka: a client for each codec, since librdkafka compresses per client."""

from functools import partial
from threading import Event
from typing import Generic, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from common.kafka.cluster import KafkaCluster
from common.kafka.configuration import MAX_QUEUE_KBYTES, Codec, Packing, producer_configuration
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.kafka.producer import BY_KEY
from common.settings.producer import ProducerSettings
from ingest.sources.producer.outgoing import DeliveryFailure, DeliveryReport, OutgoingMessage, T


class Brokers(Protocol[T]):
    """Takes messages to Kafka, by one client or several."""

    @property
    def clients(self) -> int:
        """Number of clients."""
        ...

    def send(self, message: OutgoingMessage[T]) -> None:
        """Send a message; poll() reports it. Those of a partition stay in order. Any thread, never blocks."""
        ...

    def poll(self, client: int, seconds: float, *, hurry: bool) -> list[DeliveryReport[T]]:
        """Reports of a client; waits these seconds for the first. hurry: send now what lingers. A thread a client."""
        ...

    def give_up(self) -> None:
        """Report as failed what is not acknowledged; the next poll() returns it. Any thread."""
        ...

    def partitions(self, topic: str, stop: Event) -> int | None:
        """Number of partitions of a topic once it exists, None when stopped first. Blocks. KafkaRefused."""
        ...

    def raise_if_refused(self) -> None:
        """KafkaRefused when nothing that is sent will be delivered."""
        ...

    def close(self) -> None:
        """Disconnect. What is not reported never will be."""
        ...


class KafkaBrokers(Generic[T]):
    """Those of the settings. Clients are idempotent and retry until the delivery timeout."""

    def __init__(self, settings: ProducerSettings) -> None:
        """Connect in the background. ConfigurationError."""
        self._connection = settings.producer_connection
        self._refusals = RefusalWatch(self._connection)
        self._compression = settings.compression_by_topic
        self._codecs = sorted(self._compression.codecs)
        self._producers = [self._connected(settings, codec) for codec in self._codecs]
        self._reports: list[list[DeliveryReport[T]]] = [[] for _ in self._codecs]
        self._given_up = False

    @property
    def clients(self) -> int:
        """One for each codec."""
        return len(self._codecs)

    def send(self, message: OutgoingMessage[T]) -> None:
        """Produce a message with the codec of its topic; the queue of librdkafka has room for all that are admitted."""
        client = self._codecs.index(self._compression.codec_of(message.topic))
        partition = BY_KEY if message.partition is None else message.partition
        report = partial(self._reported, client, message)
        try:
            self._producers[client].produce(message.topic, message.value, message.key, partition, on_delivery=report)
        except KafkaException as failure:
            report(error_of(failure))

    def poll(self, client: int, seconds: float, *, hurry: bool) -> list[DeliveryReport[T]]:
        """Serve a client's callbacks; flush it in a hurry, purge it when given up."""
        producer = self._producers[client]
        if self._given_up:
            producer.purge()
        if hurry and len(producer):
            producer.flush(seconds)
        else:
            producer.poll(0 if self._reports[client] else seconds)
        reports, self._reports[client] = self._reports[client], []
        return reports

    def give_up(self) -> None:
        """Purge from the next poll() on."""
        self._given_up = True

    def partitions(self, topic: str, stop: Event) -> int | None:
        """Wait for the topic."""
        topics = KafkaCluster(self._connection).wait_for_topic(topic, stop)
        return topics[topic] if topics is not None else None

    def raise_if_refused(self) -> None:
        """Raise the refusal of any client."""
        self._refusals.raise_if_refused()

    def close(self) -> None:
        """Purge and close each client."""
        for producer in self._producers:
            producer.purge()
            producer.close()

    def _connected(self, settings: ProducerSettings, codec: Codec) -> Producer:
        packing = Packing(
            settings.message_linger_ms, settings.batch_bytes, codec, settings.queue_size, MAX_QUEUE_KBYTES
        )
        timeout = settings.delivery_timeout_ms / 1000
        with client_configuration(self._connection):
            return Producer(producer_configuration(self._connection, timeout, self._refusals.on_error, packing))

    def _reported(
        self, client: int, message: OutgoingMessage[T], error: KafkaError | None, _: KafkaMessage | None = None
    ) -> None:
        """Called by librdkafka within poll() and flush(), or by send()."""
        failure = None
        if error is not None:
            self._refusals.on_error(error)
            failure = DeliveryFailure(error.str())
        self._reports[client].append(DeliveryReport(message, failure))
