"""Bluesky's Jetstream, v1 JSON: what one line of the stream means to a timeline. Pure.

What changes no timeline is ignored by kind; an edited post stays as it was. The meaning of a line does not depend on
earlier ones, so order does not matter here: the store lets a deletion win over its create in either order.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from common.ids import id_of_string
from common.post import MAX_CREATED_AT, LightPost
from ingest.events import AuthorDelete, Follow, PostDelete
from ingest.sources.bluesky.records import FOLLOW, POST, REPOST, checked_did, created, deleted, record_change
from ingest.sources.json_line import BadLine, BadLineReason, member, parse_object, text
from ingest.sources.message import Disposition, ParsedMessage, sent_message

WANTED_COLLECTIONS = (POST, REPOST, FOLLOW)
"""Collections to ask of a Jetstream; accounts and identities come unasked."""


class IgnoredKind(StrEnum):
    """Kinds of messages that change no timeline. A closed set: collection names are untrusted."""

    LIKE = "like"
    BLOCK = "block"
    LIST = "list"
    PROFILE = "profile"
    GATE = "gate"
    UPDATE = "update"
    IDENTITY = "identity"
    ACCOUNT = "account"
    OTHER = "other"


_IGNORED_COLLECTIONS = {
    "app.bsky.feed.like": IgnoredKind.LIKE,
    "app.bsky.graph.block": IgnoredKind.BLOCK,
    "app.bsky.graph.list": IgnoredKind.LIST,
    "app.bsky.graph.listitem": IgnoredKind.LIST,
    "app.bsky.graph.listblock": IgnoredKind.LIST,
    "app.bsky.actor.profile": IgnoredKind.PROFILE,
    "app.bsky.actor.status": IgnoredKind.PROFILE,
    "app.bsky.feed.threadgate": IgnoredKind.GATE,
    "app.bsky.feed.postgate": IgnoredKind.GATE,
}

Outcome = LightPost | PostDelete | AuthorDelete | Follow | IgnoredKind


class Line(NamedTuple):
    """One line: the account, the time of the event in Unix microseconds, and what it means to a timeline.

    has_bad_date: the record's own date could not be read, so that the time of the event stands for it.
    """

    did: str
    time_us: int
    outcome: Outcome
    has_bad_date: bool = False

    @property
    def at(self) -> int:
        """The time of the event, in Unix seconds."""
        return _seconds(self.time_us)


def parse_jetstream_line(line: bytes | str) -> ParsedMessage:
    """Parse one line of JSON; never raises. Its position is the time of the event, in microseconds as text.

    label: a SentKind, an IgnoredKind, or a BadLineReason for what is dropped.
    """
    try:
        _, time_us, outcome, has_bad_date = read_line(line)
    except BadLine as bad:
        return ParsedMessage(Disposition.DROPPED, bad.reason, detail=str(bad))
    position = str(time_us)
    if isinstance(outcome, IgnoredKind):
        return ParsedMessage(Disposition.IGNORED, outcome, position=position)
    return sent_message(outcome, position, has_bad_date=has_bad_date)


def read_line(line: bytes | str) -> Line:
    """Read one line of JSON. Raises BadLine, and never anything else."""
    message = parse_object(line)
    did = checked_did(message, "did")
    time_us = _event_time(message)
    match message.get("kind"):
        case "commit":
            return _commit(did, time_us, member(message, "commit"))
        case "account":
            return Line(did, time_us, _account(did, _seconds(time_us), member(message, "account")))
        case "identity":
            return Line(did, time_us, IgnoredKind.IDENTITY)
        case _:
            return Line(did, time_us, IgnoredKind.OTHER)


def _account(did: str, at: int, account: Mapping[str, object]) -> Outcome:
    """A deleted account loses its posts; a suspended or deactivated one may come back and keeps them."""
    if account.get("active") is False and account.get("status") == "deleted":
        return AuthorDelete(id_of_string(did), at)
    return IgnoredKind.ACCOUNT


def _commit(did: str, time_us: int, commit: Mapping[str, object]) -> Line:
    collection, operation = text(commit, "collection"), commit.get("operation")
    if collection not in WANTED_COLLECTIONS:
        return Line(did, time_us, _IGNORED_COLLECTIONS.get(collection, IgnoredKind.OTHER))
    change = record_change(did, collection, text(commit, "rkey"), _seconds(time_us))
    match operation:
        case "create":
            event, has_bad_date = created(change, member(commit, "record"))
            return Line(did, time_us, event, has_bad_date)
        case "delete":
            return Line(did, time_us, deleted(change))
        case "update":
            return Line(did, time_us, IgnoredKind.UPDATE)
        case _:
            raise BadLine(BadLineReason.BAD_FIELD, "operation is none of create, update, delete")


def _event_time(message: Mapping[str, object]) -> int:
    microseconds = message.get("time_us")
    if type(microseconds) is not int or not 0 < microseconds <= MAX_CREATED_AT * 1_000_000:
        raise BadLine(BadLineReason.BAD_TIME, "time_us is not a time in microseconds")
    return microseconds


def _seconds(microseconds: int) -> int:
    return microseconds // 1_000_000
