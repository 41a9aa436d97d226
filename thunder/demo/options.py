"""Options of the demo, and the feed that they ask for."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from common.settings.redis import RetentionSettings
from common.settings.types import CommandOptions, DefaultInWords, Port, Unit
from thunder.demo.environment import EmbeddedStore
from thunder.demo.event_feed import EventFeed
from thunder.demo.recording.playback import open_recording, playback
from thunder.demo.synthetic.feed import synthetic_feed


class DemoFeedOptions(CommandOptions):
    """Feed"""

    events: Annotated[
        Path | None,
        Field(
            description="file of real events to play, InNetworkEvents or Jetstream's messages: one JSON object a line "
            "or a JSON array, also .gz"
        ),
        Unit("FILE"),
        DefaultInWords("a generated network"),
    ] = None
    empty: Annotated[bool, Field(description="start everything, send no events and print the addresses")] = False
    seed: Annotated[int, Field(description="seed of the generated network; another number gives another one")] = 7
    once: Annotated[bool, Field(description="stop after the first answer")] = False


class DemoOutputOptions(CommandOptions):
    """Output"""

    as_json: Annotated[bool, Field(alias="json", description="print JSON objects, one a line")] = False


class DemoServerOptions(CommandOptions):
    """Server"""

    grpc_port: Annotated[Port, Field(description="port of the gRPC server; 0 = any free port")] = 0
    http_port: Annotated[
        Port, Field(description="port of metrics, health checks and the live page; 0 = any free port")
    ] = 0


class DemoStageOptions(CommandOptions):
    """Stage"""

    redis: Annotated[
        EmbeddedStore, Field(description="the embedded Redis: one server, or a Redis Cluster of three masters")
    ] = EmbeddedStore.SINGLE
    kill: Annotated[
        bool,
        Field(
            description="kill a Redis server or a worker every 20 s, start it again and report the recovery; "
            "Redis writes to a temporary folder then, as it would in production"
        ),
    ] = False


class DemoOptions(DemoServerOptions, DemoStageOptions, DemoOutputOptions, DemoFeedOptions):
    """thunder demo: runs the whole service on this machine."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.empty and self.events:
            raise ValueError("--empty cannot be combined with --events")
        if self.empty and self.once:
            raise ValueError("--empty cannot be combined with --once, which waits for an answer to events")
        if self.kill and (self.empty or self.once):
            raise ValueError("--kill needs a viewer to watch the recovery: not with --empty or --once")
        return self


FeedFactory = Callable[[float], EventFeed]
"""Makes a feed whose events lead up to a time in Unix seconds."""


def feed_factory(options: DemoOptions) -> FeedFactory:
    """Reads the file of the options, or else takes the synthetic network. Raises ConfigurationError. Blocks."""
    if options.events is None:
        return partial(synthetic_feed, options.seed)
    recording, name = open_recording(options.events), options.events.name
    retention_seconds = RetentionSettings().post_retention_seconds
    return lambda now: playback(recording, name, int(now), retention_seconds)
