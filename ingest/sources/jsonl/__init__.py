"""Events as lines of JSON, from a file or a pipe; recordings of other sources are read the same way.

In: lines, or elements of a JSON array, plain or compressed, each an InNetworkEvent or a FollowEvent in proto3's JSON.
Out: ParsedMessages. A bad line is dropped with its
number and reason; a line of more than 4 MiB is never in memory as a whole. `parse_event_line` and `shifted_times` are
pure.

Read source, then recordings, lines and array_elements (a file in parts), event_lines (what a line means) and
shifted_times (a recording moved to another time).
"""

from typing import Annotated, ClassVar

from pydantic import Field

from common.settings.source import SourceSettings
from common.settings.types import Settings, Text
from ingest.sources.catalogue import SourceKind


class FileSettings(Settings):
    """File"""

    environment_prefix: ClassVar[str] = "JSONL_"
    had_no_prefix: ClassVar[bool] = True

    file: Annotated[
        Text,
        Field(
            description="file of events to send, one JSON object a line or a JSON array, also .gz; - = standard input"
        ),
    ]


class JsonlSettings(SourceSettings, FileSettings):
    """thunder source jsonl: a file or pipe with an InNetworkEvent or a FollowEvent in JSON on each line."""


SOURCE = SourceKind(
    summary="events in JSON, from a file or a pipe",
    settings=JsonlSettings,
    open="ingest.sources.jsonl.source:open_jsonl",
    in_chart=False,
)
