"""The Kafka that a producer sends to: a client for each codec, since librdkafka compresses per client."""

from collections.abc import Collection
from threading import Event
from typing import Generic, Protocol

from common.kafka.cluster import KafkaCluster
from common.kafka.configuration import Packing
from common.kafka.errors import RefusalWatch
from common.settings.producer import ProducerSettings
from ingest.sources.producer.parcel import T
from ingest.sources.producer.transport import KafkaTransport, Transport


class Brokers(Protocol[T]):
    """Where parcels go."""

    @property
    def transports(self) -> Collection[Transport[T]]:
        """All that there are."""
        ...

    def transport_of(self, topic: str) -> Transport[T]:
        """The one that messages of a topic take."""
        ...

    def partitions(self, topic: str, stop: Event) -> int | None:
        """Number of partitions of a topic once it exists, None when told to stop first. Blocks. KafkaRefused."""
        ...

    def raise_if_refused(self) -> None:
        """KafkaRefused when nothing that is sent will be delivered."""
        ...


class KafkaBrokers(Generic[T]):
    """Those of the settings."""

    def __init__(self, settings: ProducerSettings) -> None:
        """Connect in the background. ConfigurationError."""
        self._access = settings.producer_connection
        self._refusals = RefusalWatch(self._access)
        self._compression = settings.compression_by_topic
        timeout = settings.delivery_timeout_ms / 1000
        self._transports = {
            codec: KafkaTransport[T](
                self._access,
                timeout,
                Packing(settings.message_linger_ms, settings.batch_bytes, codec, settings.queue_size),
                self._refusals,
            )
            for codec in self._compression.codecs
        }

    @property
    def transports(self) -> Collection[Transport[T]]:
        """See Brokers."""
        return self._transports.values()

    def transport_of(self, topic: str) -> Transport[T]:
        """See Brokers."""
        return self._transports[self._compression.codec_of(topic)]

    def partitions(self, topic: str, stop: Event) -> int | None:
        """See Brokers."""
        topics = KafkaCluster(self._access).wait_for_topic(topic, stop)
        return topics[topic] if topics is not None else None

    def raise_if_refused(self) -> None:
        """See Brokers."""
        self._refusals.raise_if_refused()
