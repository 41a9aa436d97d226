"""Wikimedia's recent changes as a source.

In: server-sent events over HTTP. Out: ParsedMessages, each change a post by its author, positioned by the event id.
Changes that are sent again after a reconnect are ignored. `recent_change` is pure.

Read source (the connection), then recent_change (what a change means).
"""

from typing import Annotated, ClassVar

from pydantic import Field

from common.settings.source import LiveSettings, SourceSettings
from common.settings.types import Settings, Text
from ingest.sources.catalogue import SourceKind
from ingest.sources.wikipedia.recent_change import Bots


class RecentChangeSettings(Settings):
    """Wikipedia"""

    environment_prefix: ClassVar[str] = "WIKIPEDIA_"
    had_no_prefix: ClassVar[bool] = True

    recentchange_url: Annotated[
        Text, Field(description="URL (http:// or https://) of the stream of recent changes")
    ] = "https://stream.wikimedia.org/v2/stream/recentchange"
    bots: Annotated[Bots, Field(description="whether changes by bots are sent, left out, or sent alone")] = Bots.INCLUDE


class WikipediaSettings(SourceSettings, LiveSettings, RecentChangeSettings):
    """thunder source wikipedia: recent changes, each as a post by its author."""


SOURCE = SourceKind(
    summary="recent changes of Wikipedia as posts, live",
    settings=WikipediaSettings,
    open="ingest.sources.wikipedia.source:open_wikipedia",
)
