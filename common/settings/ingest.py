"""Settings of `thunder ingest` and `thunder transform`."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from common.settings.kafka import (
    RAW_FETCH_BYTES,
    REFINED_FETCH_BYTES,
    FetchBytes,
    KafkaSettings,
    TopicSettings,
)
from common.settings.process import ProcessSettings
from common.settings.redis import RetentionSettings, StoreSettings
from common.settings.types import Count, Settings, Unit


class EventsSource(StrEnum):
    """Topic that an ingest worker reads: refined, raw (transformed and stored in one hop), or follows."""

    REFINED = "refined"
    RAW = "raw"
    FOLLOWS = "follows"


class IngestTopicSettings(TopicSettings):
    """Kafka topics"""

    events: Annotated[
        EventsSource,
        Field(description="topic that the worker reads; raw messages are transformed and stored in one hop"),
    ] = EventsSource.REFINED

    @property
    def source_topic(self) -> str:
        """Topic whose events are written to the store."""
        return {
            EventsSource.REFINED: self.innetwork_post_topic,
            EventsSource.RAW: self.tweet_events_topic,
            EventsSource.FOLLOWS: self.follows_topic,
        }[self.events]


class RawRuleSettings(Settings):
    """Retention and rules"""

    delete_quoting_posts: Annotated[
        bool, Field(description="delete a quoting post when the quoted post is deleted (raw topic only)")
    ] = True


class FillSettings(Settings):
    """Store (Redis)"""

    max_concurrent_writes: Annotated[
        Count,
        Field(description="number of batches that a process writes concurrently after it has caught up"),
        Unit("batches"),
    ] = 3
    rebuild: Annotated[
        bool,
        Field(description="once at startup, declare the data of the store lost and replay the retention from Kafka"),
    ] = False


class TransformSettings(ProcessSettings, RawRuleSettings, RetentionSettings, KafkaSettings):
    """thunder transform: raw topic to refined topic."""

    @property
    def source_topic(self) -> str:
        """Topic that the transformer reads."""
        return self.tweet_events_topic


class IngestSettings(ProcessSettings, FillSettings, StoreSettings, RawRuleSettings, KafkaSettings, IngestTopicSettings):
    """thunder ingest: refined topic (or raw topic) to Redis."""

    max_partition_fetch_bytes: FetchBytes = Field(
        default_factory=lambda given: RAW_FETCH_BYTES if given["events"] is EventsSource.RAW else REFINED_FETCH_BYTES
    )
