"""What a demo feeds: messages for a topic, and for whom the timeline is asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from ingest.events import Follow


class Entrance(Enum):
    """The topic through which events come in: raw posts through the transformer, refined ones past it."""

    RAW = "raw"
    REFINED = "refined"


class FeedMessage(NamedTuple):
    """A message, and whom it concerns; it may be sent from due_at (Unix seconds) on."""

    due_at: float
    author_id: int | None  # of a created post
    key: bytes
    payload: bytes


class Viewer(NamedTuple):
    """Who asks, in short and in a few words. A user_id of 0 is nobody in particular."""

    user_id: int
    name: str
    following: tuple[int, ...]
    description: str


class SocialGraph(NamedTuple):
    """Who follows whom and what they are called, as far as it is known. viewer_id is whom the page shows first."""

    viewer_id: int
    follows: Sequence[Follow]
    names: Mapping[int, str]


class Feed(NamedTuple):
    """messages in the order in which they are due; it may never end. notes are for people, facts for programs."""

    entrance: Entrance
    messages: Iterator[FeedMessage]
    viewer: Viewer
    name_of: Callable[[int], str]
    notes: tuple[str, ...]
    facts: Mapping[str, object]
    society: SocialGraph
