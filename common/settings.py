"""Settings of each role: frozen, checked at start. Names are one-to-one flags (--kebab-case) and THUNDER_<NAME>."""

from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from common.kafka.settings import RAW_FETCH_BYTES, REFINED_FETCH_BYTES, FetchBytes, KafkaSettings, TopicSettings
from common.keys import KeySpace
from common.serving_settings import ServingSettings
from common.setting_types import Count, Millis, Port, Seconds, Settings, Text, Unit


class LogLevel(StrEnum):
    """Least serious line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """For people, or one JSON object a line."""

    TEXT = "text"
    JSON = "json"


class EventsSource(StrEnum):
    """What an ingest worker reads: posts from the refined topic, or from the raw one in a single hop; or follows."""

    REFINED = "refined"
    RAW = "raw"
    FOLLOWS = "follows"


class ProcessSettings(Settings):
    """Process"""

    http_host: Annotated[Text, Field(description="address of /metrics, /healthz and /readyz")] = "0.0.0.0"  # noqa: S104
    http_port: Annotated[Port, Field(description="its port; 0 = any free one")] = 8080
    log_level: Annotated[LogLevel, Field(description="least serious line that is written")] = LogLevel.INFO
    log_format: Annotated[LogFormat, Field(description="how a line is written")] = LogFormat.TEXT
    shutdown_grace_seconds: Annotated[Seconds, Field(description="time to finish what was begun after SIGTERM")] = 20


class RetentionSettings(Settings):
    """What counts"""

    post_retention_seconds: Annotated[Seconds, Field(description="how long a post counts")] = 172_800


def _names_a_server(url: str) -> bool:
    """Whether it can be taken apart. Otherwise redis-py would complain, and quote a part of the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0 and "@" not in parts.path + parts.query + parts.fragment


class RedisSettings(Settings):
    """Store (Redis)"""

    redis_url: Annotated[
        SecretStr, Field(description="redis://[user:password@]host:port or rediss://; any node of a Cluster")
    ] = SecretStr("redis://localhost:6379")
    redis_timeout_ms: Annotated[Millis, Field(description="longest wait for Redis")] = 2000
    redis_tls_ca: Annotated[
        str | None, Field(description="file with the authorities that sign Redis's certificate (rediss://)")
    ] = None
    redis_tls_certificate: Annotated[
        str | None, Field(description="file with our certificate for Redis (mutual TLS)")
    ] = None
    redis_tls_key: Annotated[str | None, Field(description="file with the key of that certificate")] = None

    @property
    def redis_address(self) -> str:
        """The URL, with the files as redis-py reads them from one. It may hold a password: never to be shown."""
        files = {
            "ssl_ca_certs": self.redis_tls_ca,
            "ssl_certfile": self.redis_tls_certificate,
            "ssl_keyfile": self.redis_tls_key,
        }
        query = urlencode({name: path for name, path in files.items() if path})
        url = self.redis_url.get_secret_value()
        return f"{url}{'&' if '?' in url else '?'}{query}" if query else url

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("must begin with redis:// or rediss://")
        if not _names_a_server(url.get_secret_value()):
            raise ValueError(
                "must name a host, and a port in digits; / ? # @ : of a password are written %2F and so on"
            )
        return url

    @model_validator(mode="after")
    def _redis_tls_is_whole(self) -> Self:
        if (self.redis_tls_certificate is None) != (self.redis_tls_key is None):
            raise ValueError("redis_tls_certificate and redis_tls_key need each other")
        if (self.redis_tls_ca or self.redis_tls_key) and not self.redis_url.get_secret_value().startswith("rediss://"):
            raise ValueError("redis_tls_... need a redis_url that begins with rediss://")
        return self


class StoreSettings(RedisSettings, RetentionSettings):
    """Store (Redis)"""

    author_buckets: Annotated[
        Count, Field(le=16_384, description="groups of authors; fixed when the store is first filled"), Unit("buckets")
    ] = 256
    post_hashes: Annotated[
        Count,
        Field(le=2**24, description="hashes of post records; fixed when the store is first filled"),
        Unit("hashes"),
    ] = 65_536

    @property
    def key_space(self) -> KeySpace:
        """Keys of a store with these counts."""
        return KeySpace(self.author_buckets, self.post_hashes)


class SourceSettings(TopicSettings):
    """Kafka: topics"""

    events: Annotated[
        EventsSource, Field(description="what it reads: the refined topic, or the raw one in one hop, or the follows")
    ] = EventsSource.REFINED

    @property
    def source_topic(self) -> str:
        """Topic whose events go into the store."""
        return {
            EventsSource.REFINED: self.innetwork_post_topic,
            EventsSource.RAW: self.tweet_events_topic,
            EventsSource.FOLLOWS: self.follows_topic,
        }[self.events]


class RawRuleSettings(Settings):
    """What counts"""

    delete_quoting_posts: Annotated[
        bool, Field(description="when a quoted post is deleted, delete the post that quotes it (raw topic)")
    ] = True


class WriteSettings(Settings):
    """What counts"""

    clock_skew_seconds: Annotated[
        int, Field(ge=0, description="how far ahead of the clock a post may be created"), Unit("s")
    ] = 60


class FillSettings(Settings):
    """Store (Redis)"""

    max_concurrent_writes: Annotated[
        Count, Field(description="batches written at once by a process that has caught up"), Unit("batches")
    ] = 3
    rebuild: Annotated[
        bool, Field(description="once, at the start: read all that counts from Kafka again, into a suspect store")
    ] = False


class TransformSettings(ProcessSettings, RawRuleSettings, RetentionSettings, KafkaSettings):
    """thunder transform: raw topic to refined topic."""

    @property
    def source_topic(self) -> str:
        """Topic that the transformer reads."""
        return self.tweet_events_topic


class IngestSettings(
    ProcessSettings, FillSettings, StoreSettings, WriteSettings, RawRuleSettings, KafkaSettings, SourceSettings
):
    """thunder ingest: refined topic (or raw topic) to Redis."""

    max_partition_fetch_bytes: FetchBytes = Field(
        default_factory=lambda given: RAW_FETCH_BYTES if given["events"] is EventsSource.RAW else REFINED_FETCH_BYTES
    )


class ServeSettings(ProcessSettings, StoreSettings, ServingSettings):
    """thunder serve: Redis to gRPC."""


class CombinedSettings(ServeSettings, IngestSettings):
    """thunder --is-serving: ingest and serve in one process."""

    @field_validator("events")
    @classmethod
    def _are_posts(cls, events: EventsSource) -> EventsSource:
        if events is EventsSource.FOLLOWS:
            raise ValueError("must be refined or raw: follows are read by thunder ingest")
        return events


class ModeSettings(Settings):
    """thunder: without a command."""

    is_serving: Annotated[bool, Field(description="ingest and serve in one process; else transform")] = False
