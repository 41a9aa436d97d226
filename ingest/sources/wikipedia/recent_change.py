"""Wikimedia's recent changes, JSON: what one change means to a timeline. Pure.

The user who makes a change is an author, and each change is a post: an edit, a new page, a log entry, a page that
enters or leaves a category. An author's id is made from the user name as the stream writes it, which is
MediaWiki's canonical form; an account has one name on all wikis. Such a name begins with no lower-case letter of the
alphabet, so that it is never taken for a DID. A post's id is made from the id of the event, which stays the same
however often the event is sent.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import cast

from common.ids import id_of_string
from common.post import MAX_CREATED_AT, LightPost
from ingest.sources.json_line import BadLine, BadLineReason, date, member, member_or_empty, parse_object, text
from ingest.sources.message import Disposition, ParsedMessage

_CANARY_DOMAIN = "canary"
_MAX_NAME = 255  # characters; MediaWiki allows as many bytes
_REWIND_MS = 5_000


class Bots(StrEnum):
    """Changes to send: those of people and bots, of people only, of bots only."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


class ChangeKind(StrEnum):
    """Kinds of sent changes. A closed set."""

    EDIT = "edit"
    NEW = "new"
    LOG = "log"
    CATEGORIZE = "categorize"


class IgnoredChange(StrEnum):
    """Kinds of well-formed changes that are not sent. A closed set."""

    CANARY = "canary"
    BOT = "bot"
    HUMAN = "human"
    REPEAT = "repeat"
    OTHER = "other"


_KINDS: Mapping[str, ChangeKind] = {kind.value: kind for kind in ChangeKind}


def parse_change(change: bytes | str, bots: Bots) -> ParsedMessage:
    """Parse one change, a JSON object without a position; never raises.

    label: a ChangeKind, an IgnoredChange, or a BadLineReason for what is dropped.
    """
    try:
        return _parse(parse_object(change), bots)
    except BadLine as bad:
        return ParsedMessage(Disposition.DROPPED, bad.reason, detail=str(bad))


def resume_id(position: str) -> str:
    """The id to resume from, to miss nothing after the event of that id.

    An id names a millisecond for each topic that the stream is made of. Events of one millisecond may be split by a
    loss, and some come late: so it begins five seconds before. An id of any other shape is left as it is.
    """
    try:
        topics: object = json.loads(position)
        return (
            json.dumps(_rewound(cast("list[object]", topics)), separators=(",", ":"))
            if isinstance(topics, list)
            else position
        )
    except (ValueError, RecursionError):
        return position


def _rewound(topics: list[object]) -> list[object]:
    return [_rewound_topic(cast("dict[str, object]", topic)) if isinstance(topic, dict) else topic for topic in topics]


def _rewound_topic(topic: dict[str, object]) -> dict[str, object]:
    at = topic.get("timestamp")
    return topic | {"timestamp": max(0, at - _REWIND_MS)} if type(at) is int else topic


def _parse(change: Mapping[str, object], bots: Bots) -> ParsedMessage:
    ignored = _ignored(change, bots)
    if ignored is not None:
        return ParsedMessage(Disposition.IGNORED, ignored)
    return _sent(_KINDS[text(change, "type")], change, member(change, "meta"))


def _ignored(change: Mapping[str, object], bots: Bots) -> IgnoredChange | None:
    """The kind of a change that says of itself that it is not to be sent, however damaged the rest of it is."""
    kind, is_bot = change.get("type"), change.get("bot") is True
    if member_or_empty(change, "meta").get("domain") == _CANARY_DOMAIN:
        return IgnoredChange.CANARY
    if isinstance(kind, str) and kind not in _KINDS:
        return IgnoredChange.OTHER
    if is_bot and bots is Bots.EXCLUDE:
        return IgnoredChange.BOT
    if not is_bot and bots is Bots.ONLY and isinstance(kind, str):
        return IgnoredChange.HUMAN
    return None


def _sent(kind: ChangeKind, change: Mapping[str, object], meta: Mapping[str, object]) -> ParsedMessage:
    if not change.get("user"):
        raise BadLine(BadLineReason.NO_USER, "the user is hidden")
    times = [at for at in (_timestamp(change), date(meta, "dt")) if at is not None]
    if not times:
        raise BadLine(BadLineReason.BAD_TIME, "neither timestamp nor meta.dt is a time")
    post = LightPost(_id_of(meta, "id"), _id_of(change, "user"), created_at=min(times))
    return ParsedMessage(Disposition.SENT, kind, post, has_bad_date=len(times) == 1)


def _timestamp(change: Mapping[str, object]) -> int | None:
    """Time of the change in Unix seconds; None when it is no time."""
    at = change.get("timestamp")
    return at if type(at) is int and 0 < at <= MAX_CREATED_AT else None


def _id_of(container: Mapping[str, object], field: str) -> int:
    name = text(container, field)
    if not 0 < len(name) <= _MAX_NAME:
        raise BadLine(BadLineReason.BAD_FIELD, f"{field} is empty or too long")
    try:
        return id_of_string(name)
    except UnicodeEncodeError as error:
        raise BadLine(BadLineReason.BAD_FIELD, f"{field} is not text") from error
