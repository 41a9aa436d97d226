"""Feed of a demo: messages for a topic, who follows whom, and the viewer whose timeline is shown. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from ingest.events import Follow


class InputTopic(Enum):
    """The topic that events are written to: raw posts pass through the transformer, refined ones skip it."""

    RAW = "raw"
    REFINED = "refined"


class FeedMessage(NamedTuple):
    """A message and the author it concerns; it may be sent from due_at (Unix seconds) on."""

    due_at: float
    author_id: int | None  # of a created post
    key: bytes
    payload: bytes


class Viewer(NamedTuple):
    """The user whose timeline is shown, by name and in a few words. user_id is 0 when the events name no viewer."""

    user_id: int
    name: str
    following: tuple[int, ...]
    description: str


class SocialGraph(NamedTuple):
    """Follows and display names, as far as they are known. The live page shows viewer_id first."""

    viewer_id: int
    follows: Sequence[Follow]
    names: Mapping[int, str]


class EventFeed(NamedTuple):
    """messages in the order in which they are due; it may never end. notes are for people, facts for programs."""

    input_topic: InputTopic
    messages: Iterator[FeedMessage]
    viewer: Viewer
    name_of: Callable[[int], str]
    notes: tuple[str, ...]
    facts: Mapping[str, object]
    social_graph: SocialGraph
