"""Settings of `thunder source`: those of every source, then those of each kind under its own environment prefix."""

import re
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from common.settings.kafka import EntranceTopicSettings
from common.settings.process import ProcessSettings
from common.settings.producer import ProducerSettings
from common.settings.redis import RedisSettings
from common.settings.types import Count, DefaultInWords, Port, Settings, Text, Unit

_CONTACT = re.compile(r"https?://[!-'*-~]+|[!-'*-?A-~]+@[!-'*-?A-~]+")


def _fits_a_user_agent(contact: str | None) -> str | None:
    if contact is not None and _CONTACT.fullmatch(contact) is None:
        raise ValueError("should be an e-mail address or a URL, in ASCII without spaces and parentheses")
    return contact


_Share = Annotated[float, Field(ge=0, le=1)]


class Bots(StrEnum):
    """Changes to send: those of people and bots, of people only, of bots only."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


class WrittenTopicSettings(EntranceTopicSettings):
    """Kafka topics"""

    topic: Annotated[
        Text, Field(description="refined topic that the source writes to"), DefaultInWords("as innetwork_post_topic")
    ] = Field(default_factory=lambda given: given["innetwork_post_topic"])


class SourceSettings(ProcessSettings, RedisSettings, ProducerSettings, WrittenTopicSettings):
    """Source"""

    http_port: Annotated[
        Port, Field(description="port of /metrics, /healthz and /readyz; 0 = any free port, named in the log")
    ] = 0
    as_json: Annotated[
        bool, Field(alias="json", description="print one JSON object with the counts when the source ends")
    ] = False


class LiveSettings(Settings):
    """Source"""

    from_now: Annotated[
        bool, Field(description="start with events from now on instead of where the previous run stopped")
    ] = False
    contact: Annotated[
        Text | None,
        Field(
            max_length=200,
            description="e-mail address or URL of the operator, sent to the network in the User-Agent; Wikimedia asks "
            "for one",
        ),
        AfterValidator(_fits_a_user_agent),
    ] = None


class JetstreamSettings(Settings):
    """Bluesky"""

    environment_prefix: ClassVar[str] = "BLUESKY_"

    jetstream_url: Annotated[Text, Field(description="URL (ws:// or wss://) of the Jetstream to subscribe to")] = (
        "wss://jetstream2.us-east.bsky.network/subscribe"
    )
    replay: Annotated[
        str | None, Field(description="file with a recorded Jetstream to replay instead of connecting")
    ] = None
    move_times: Annotated[
        bool, Field(description="shift the times of a replayed recording so that its newest event happens now")
    ] = False


class RecentChangeSettings(Settings):
    """Wikipedia"""

    environment_prefix: ClassVar[str] = "WIKIPEDIA_"

    recentchange_url: Annotated[
        Text, Field(description="URL (http:// or https://) of the stream of recent changes")
    ] = "https://stream.wikimedia.org/v2/stream/recentchange"
    bots: Annotated[Bots, Field(description="whether changes by bots are sent, left out, or sent alone")] = Bots.INCLUDE


class FileSettings(Settings):
    """File"""

    environment_prefix: ClassVar[str] = "JSONL_"

    file: Annotated[Text, Field(description="file of events to send, one JSON object a line; - = standard input")]


class NetworkSettings(Settings):
    """Synthetic network"""

    environment_prefix: ClassVar[str] = "SYNTHETIC_"

    rate: Annotated[
        float, Field(ge=0, description="average rate of events; 0 = as fast as Kafka accepts them"), Unit("events/s")
    ] = 25.0
    burst_factor: Annotated[float, Field(gt=0, description="factor by which the rate grows during a burst")] = 1.0
    burst_seconds: Annotated[float, Field(ge=0, description="duration of a burst"), Unit("s")] = 0.0
    burst_period_seconds: Annotated[
        float, Field(gt=0, description="time from the start of one burst to the start of the next"), Unit("s")
    ] = 60.0
    backlog_seconds: Annotated[int, Field(ge=0, description="seconds of history to generate at startup"), Unit("s")] = 0
    count: Annotated[
        int, Field(ge=0, description="number of events after which it ends; 0 = never"), Unit("events")
    ] = 0
    authors: Annotated[Count, Field(le=10**6, description="number of people in the network"), Unit("people")] = 1000
    author_skew: Annotated[
        float, Field(ge=0, le=5, description="Zipf exponent of posts per author; 0 = all authors post equally often")
    ] = 0.9
    follows_per_person: Annotated[
        int,
        Field(ge=0, description="number of accounts that each person follows, sent before any post"),
        Unit("people"),
    ] = 0
    reply_share: Annotated[_Share, Field(description="share of events that are replies, 0 to 1")] = 0.30
    repost_share: Annotated[_Share, Field(description="share of events that are reposts, 0 to 1")] = 0.14
    video_share: Annotated[_Share, Field(description="share of events that are posts with a video, 0 to 1")] = 0.09
    delete_share: Annotated[_Share, Field(description="share of events that delete a post, 0 to 1")] = 0.03
    thread_depth: Annotated[Count, Field(description="maximum depth of a chain of replies"), Unit("replies")] = 100
    seed: Annotated[int, Field(description="seed of the random generator; the same seed makes the same network")] = 7

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.reply_share + self.repost_share + self.video_share + self.delete_share > 1:
            raise ValueError("reply_share, repost_share, video_share and delete_share must be at most 1 together")
        if self.backlog_seconds and not self.rate:
            raise ValueError("backlog_seconds needs a rate above 0")
        return self


class BlueskySettings(SourceSettings, LiveSettings, JetstreamSettings):
    """thunder source bluesky: posts, reposts, deletes and follows of Bluesky, from a Jetstream."""


class WikipediaSettings(SourceSettings, LiveSettings, RecentChangeSettings):
    """thunder source wikipedia: recent changes, each as a post by its author."""


class SyntheticSettings(SourceSettings, NetworkSettings):
    """thunder source synthetic: a generated network, the same for the same seed."""


class JsonlSettings(SourceSettings, FileSettings):
    """thunder source jsonl: a file or pipe with an InNetworkEvent or a FollowEvent in JSON on each line."""
