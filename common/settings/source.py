"""Settings of `thunder source`: what every source has, and what each has of its own."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from common.settings.kafka import EntranceTopicSettings
from common.settings.process import ProcessSettings
from common.settings.producer import ProducerSettings
from common.settings.redis import RedisSettings
from common.settings.types import Count, DefaultInWords, Port, Settings, Text, Unit

_Share = Annotated[float, Field(ge=0, le=1)]


class Bots(StrEnum):
    """Whether the changes of bots are sent."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


class WrittenTopicSettings(EntranceTopicSettings):
    """Kafka: topics"""

    topic: Annotated[
        Text, Field(description="refined topic that a source writes"), DefaultInWords("as innetwork_post_topic")
    ] = Field(default_factory=lambda given: given["innetwork_post_topic"])


class SourceSettings(ProcessSettings, RedisSettings, ProducerSettings, WrittenTopicSettings):
    """Source"""

    http_port: Annotated[Port, Field(description="its port; 0 = any free one, which the log tells")] = 0
    as_json: Annotated[bool, Field(alias="json", description="end with a line that is a JSON object")] = False


class LiveSettings(Settings):
    """Source"""

    from_now: Annotated[bool, Field(description="start now, wherever it stopped the last time")] = False


class JetstreamSettings(Settings):
    """Bluesky"""

    jetstream_url: Annotated[Text, Field(description="ws:// or wss:// address of a Jetstream")] = (
        "wss://jetstream2.us-east.bsky.network/subscribe"
    )
    replay: Annotated[str | None, Field(description="file with a recording, played in place of the network")] = None
    move_times: Annotated[bool, Field(description="play a recording as if its newest event happened now")] = False


class RecentChangeSettings(Settings):
    """Wikipedia"""

    recentchange_url: Annotated[Text, Field(description="http:// or https:// address of the stream")] = (
        "https://stream.wikimedia.org/v2/stream/recentchange"
    )
    bots: Annotated[Bots, Field(description="whether the changes of bots are sent")] = Bots.INCLUDE


class FileSettings(Settings):
    """File"""

    file: Annotated[Text, Field(description="the file; - is the standard input")]


class NetworkSettings(Settings):
    """Made-up network"""

    rate: Annotated[float, Field(ge=0, description="on average; 0 = as fast as they are taken"), Unit("events/s")] = (
        25.0
    )
    burst_factor: Annotated[float, Field(gt=0, description="what the rate is multiplied by in a burst")] = 1.0
    burst_seconds: Annotated[float, Field(ge=0, description="how long a burst lasts"), Unit("s")] = 0.0
    burst_period_seconds: Annotated[float, Field(gt=0, description="from burst to burst"), Unit("s")] = 60.0
    backlog_seconds: Annotated[int, Field(ge=0, description="past that is told at once at the start"), Unit("s")] = 0
    count: Annotated[int, Field(ge=0, description="after these it ends; 0 = never"), Unit("events")] = 0
    authors: Annotated[Count, Field(le=10**6, description="people in the network"), Unit("people")] = 1000
    author_skew: Annotated[
        float, Field(ge=0, le=5, description="exponent of the Zipf distribution of who writes; 0 = all alike")
    ] = 0.9
    follows_per_person: Annotated[int, Field(ge=0, description="whom each follows, told first"), Unit("people")] = 0
    reply_share: Annotated[_Share, Field(description="share of the events that are replies")] = 0.30
    repost_share: Annotated[_Share, Field(description="share that are reposts")] = 0.14
    video_share: Annotated[_Share, Field(description="share that are videos")] = 0.09
    delete_share: Annotated[_Share, Field(description="share that delete a post")] = 0.03
    thread_depth: Annotated[Count, Field(description="longest chain of replies"), Unit("replies")] = 100
    seed: Annotated[int, Field(description="another number, another network")] = 7

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.reply_share + self.repost_share + self.video_share + self.delete_share > 1:
            raise ValueError("reply_share, repost_share, video_share and delete_share must be at most 1 together")
        if self.backlog_seconds and not self.rate:
            raise ValueError("backlog_seconds needs a rate above 0")
        return self


class BlueskySettings(SourceSettings, LiveSettings, JetstreamSettings):
    """thunder source bluesky: posts, reposts, deletions and follows of Bluesky, from a Jetstream."""


class WikipediaSettings(SourceSettings, LiveSettings, RecentChangeSettings):
    """thunder source wikipedia: recent changes as posts of those who made them."""


class SyntheticSettings(SourceSettings, NetworkSettings):
    """thunder source synthetic: a made-up network, the same for the same seed."""


class JsonlSettings(SourceSettings, FileSettings):
    """thunder source jsonl: a file with an InNetworkEvent or a FollowEvent in JSON on each line."""
