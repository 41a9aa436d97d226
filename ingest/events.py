"""Outcomes of decoding: an event, an event that is ignored or dropped, or Malformed. Pure."""

from enum import StrEnum
from typing import NamedTuple

from common.ids import is_id
from common.post import LightPost


class PostDelete(NamedTuple):
    """A post is gone. deleted_at (Unix seconds) is informative: nothing depends on it."""

    post_id: int
    deleted_at: int


class AuthorDelete(NamedTuple):
    """An account is gone, with its posts. deleted_at in Unix seconds."""

    author_id: int
    deleted_at: int


Event = LightPost | PostDelete | AuthorDelete
"""An event about posts. A create is the post itself."""


class Follow(NamedTuple):
    """A viewer follows a target, or no longer does.

    follow_id names the follow itself, 0 = it has no name. A removal may name it alone: target_id is 0 there.
    """

    viewer_id: int
    target_id: int
    follow_id: int
    at: int  # Unix seconds
    removed: bool = False


class EventKind(StrEnum):
    """Kinds of well-formed events that change nothing here. A closed set: it labels a metric."""

    UNDELETE = "tweet_undelete"
    FIELD_UPDATE = "additional_field_update"
    FIELD_DELETE = "additional_field_delete"
    SCRUB_GEO = "tweet_scrub_geo"
    TAKEDOWN = "tweet_takedown"
    USER_SCRUB_GEO = "user_scrub_geo"
    SENSITIVE_UPDATE = "tweet_possibly_sensitive_update"
    QUOTED_DELETE = "quoted_tweet_delete"
    QUOTED_TAKEDOWN = "quoted_tweet_takedown"
    NULL_PAYLOAD = "null_payload"
    UNKNOWN = "unknown"


class DropReason(StrEnum):
    """Reason to keep a well-formed event out of the store. A closed set: it labels a metric."""

    NULLCAST = "nullcast"
    EXPIRED = "expired"
    FUTURE = "future"
    DELETE_EXPIRED = "delete_expired"


class MalformedReason(StrEnum):
    """Reason why a payload is malformed. A closed set: it labels a metric and a header of dead letters."""

    TRUNCATED = "truncated"
    BAD_FRAMING = "bad_framing"
    BAD_WIRE = "bad_wire"
    BAD_UTF8 = "bad_utf8"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    MISSING_FIELD = "missing_field"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"


class Ignored(NamedTuple):
    """A well-formed event of a kind that changes nothing here."""

    kind: EventKind


class Dropped(NamedTuple):
    """A well-formed event that a rule keeps out of the store."""

    reason: DropReason


Decoded = LightPost | PostDelete | AuthorDelete | Ignored | Dropped
"""Outcome of a well-formed payload about posts."""


class Malformed(Exception):
    """The payload is not an event. The message names the field and the shape of its value, never its content."""

    def __init__(self, reason: MalformedReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def required_id(name: str, value: int) -> int:
    """The id itself; Malformed when the number is none."""
    if not is_id(value):
        raise Malformed(MalformedReason.BAD_ID, f"{name} is not above 0")
    return value


def optional_id(name: str, value: int | None) -> int | None:
    """The id, or None for 0, which means absent; Malformed when it is below 0."""
    return required_id(name, value) if value else None
