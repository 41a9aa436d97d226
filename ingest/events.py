"""What a message of a topic can turn out to be: an event, something to ignore or drop, or a malformed payload."""

from enum import StrEnum
from typing import NamedTuple

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
"""What happens to posts. A create is the post itself."""


class Follow(NamedTuple):
    """Somebody follows somebody, or no longer does.

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
    """Why a well-formed event is not stored. A closed set: it labels a metric."""

    NULLCAST = "nullcast"
    EXPIRED = "expired"
    FUTURE = "future"
    DELETE_EXPIRED = "delete_expired"


class MalformedReason(StrEnum):
    """Why a payload could not be read. A closed set: it labels a metric and a dead letter's header."""

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
"""What a payload about posts turns out to be."""


class Malformed(Exception):
    """The payload is not an event. The message names the field and the shape of its value, never its content."""

    def __init__(self, reason: MalformedReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
