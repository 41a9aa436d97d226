"""A generated network: few authors are loud and most are quiet, people talk in threads, repost, post videos and delete.

In: the settings (rate, shares, seed). Out: follows, posts and deletes as ParsedMessages. The same seed and times make
the same network. There is no position: each run is a new network. `network` is pure; `source` waits for the clock.
"""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from common.settings.source import SourceSettings
from common.settings.types import Count, Settings, Unit
from ingest.sources.catalogue import SourceKind

_Share = Annotated[float, Field(ge=0, le=1)]


class NetworkSettings(Settings):
    """Synthetic network"""

    environment_prefix: ClassVar[str] = "SYNTHETIC_"
    had_no_prefix: ClassVar[bool] = True

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


class SyntheticSettings(SourceSettings, NetworkSettings):
    """thunder source synthetic: a generated network, the same for the same seed."""


SOURCE = SourceKind(
    summary="events of a generated network, at a rate of your choice",
    settings=SyntheticSettings,
    open="ingest.sources.synthetic.source:open_synthetic",
)
