"""Bluesky's Jetstream as a source.

In: lines of JSON over a WebSocket, or of a recording. Out: ParsedMessages; the position is the event time in
microseconds. Ids are made from at-URIs and DIDs. The meaning of a line does not depend on earlier ones. `jetstream` and
`records` are pure.

Read source (the connection), then jetstream (what a line means) and records (what a post, repost or follow means).
"""

from typing import Annotated, ClassVar

from pydantic import Field

from common.settings.source import LiveSettings, SourceSettings
from common.settings.types import Settings, Text
from ingest.sources.catalogue import SourceKind


class JetstreamSettings(Settings):
    """Bluesky"""

    environment_prefix: ClassVar[str] = "BLUESKY_"
    had_no_prefix: ClassVar[bool] = True

    jetstream_url: Annotated[Text, Field(description="URL (ws:// or wss://) of the Jetstream to subscribe to")] = (
        "wss://jetstream2.us-east.bsky.network/subscribe"
    )
    replay: Annotated[
        str | None,
        Field(
            description="file with a recorded Jetstream to replay instead of connecting: lines or a JSON array, or .gz"
        ),
    ] = None
    move_times: Annotated[
        bool, Field(description="shift the times of a replayed recording so that its newest event happens now")
    ] = False


class BlueskySettings(SourceSettings, LiveSettings, JetstreamSettings):
    """thunder source bluesky: posts, reposts, deletes and follows of Bluesky, from a Jetstream."""


SOURCE = SourceKind(
    summary="posts and follows of Bluesky, live or from a recording",
    settings=BlueskySettings,
    open="ingest.sources.bluesky.source:open_bluesky",
)
