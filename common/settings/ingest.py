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
    """What an ingest worker reads: posts from the refined topic, or from the raw one in a single hop; or follows."""

    REFINED = "refined"
    RAW = "raw"
    FOLLOWS = "follows"


class IngestTopicSettings(TopicSettings):
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
    ProcessSettings, FillSettings, StoreSettings, WriteSettings, RawRuleSettings, KafkaSettings, IngestTopicSettings
):
    """thunder ingest: refined topic (or raw topic) to Redis."""

    max_partition_fetch_bytes: FetchBytes = Field(
        default_factory=lambda given: RAW_FETCH_BYTES if given["events"] is EventsSource.RAW else REFINED_FETCH_BYTES
    )
