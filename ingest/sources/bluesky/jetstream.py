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
from ingest.sources.json_line import BadLine, BadLineReason, member, member_or_empty, parse_object, text
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

    An ignored line may have no account (empty) and no time (0). has_bad_date: the record's own date could not be read,
    so that the time of the event stands for it.
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
    position = str(time_us) if time_us else ""
    if isinstance(outcome, IgnoredKind):
        return ParsedMessage(Disposition.IGNORED, outcome, position=position)
    return sent_message(outcome, position, has_bad_date=has_bad_date)


def read_line(line: bytes | str) -> Line:
    """Read one line of JSON. Raises BadLine, and never anything else."""
    message = parse_object(line)
    ignored = _ignored_kind(message)
    if ignored is not None:
        return _ignored_line(message, ignored)
    did, time_us = checked_did(message, "did"), _event_time(message)
    match message.get("kind"):
        case "commit":
            return _commit(did, time_us, member(message, "commit"))
        case "account":
            member(message, "account")
            return Line(did, time_us, AuthorDelete(id_of_string(did), _seconds(time_us)))
        case _:
            return Line(did, time_us, IgnoredKind.OTHER)


def _ignored_kind(message: Mapping[str, object]) -> IgnoredKind | None:
    """The kind of a message that says of itself that it changes no timeline, however damaged the rest of it is."""
    match message.get("kind"):
        case "commit":
            return _ignored_commit(member_or_empty(message, "commit"))
        case "account":
            return _ignored_account(message.get("account"))
        case "identity":
            return IgnoredKind.IDENTITY
        case str():
            return IgnoredKind.OTHER
        case _:
            return None


def _ignored_commit(commit: Mapping[str, object]) -> IgnoredKind | None:
    collection = commit.get("collection")
    if isinstance(collection, str) and collection not in WANTED_COLLECTIONS:
        return _IGNORED_COLLECTIONS.get(collection, IgnoredKind.OTHER)
    return IgnoredKind.UPDATE if commit.get("operation") == "update" else None


def _ignored_account(account: object) -> IgnoredKind | None:
    """None for an account whose content the network no longer shows: its posts go, and stay away if it comes back."""
    match account:
        case {"active": False, "status": "takendown" | "suspended" | "deactivated" | "deleted"}:
            return None
        case dict():
            return IgnoredKind.ACCOUNT
        case _:
            return None


def _ignored_line(message: Mapping[str, object], kind: IgnoredKind) -> Line:
    try:
        return Line(checked_did(message, "did"), _event_time(message), kind)
    except BadLine:
        return Line("", 0, kind)


def _commit(did: str, time_us: int, commit: Mapping[str, object]) -> Line:
    collection = text(commit, "collection")
    change = record_change(did, collection, text(commit, "rkey"), _seconds(time_us))
    match commit.get("operation"):
        case "create":
            event, has_bad_date = created(change, member(commit, "record"))
            return Line(did, time_us, event, has_bad_date)
        case "delete":
            return Line(did, time_us, deleted(change))
        case _:
            raise BadLine(BadLineReason.BAD_FIELD, "operation is none of create, update, delete")


def _event_time(message: Mapping[str, object]) -> int:
    microseconds = message.get("time_us")
    if type(microseconds) is not int or not 0 < microseconds <= MAX_CREATED_AT * 1_000_000:
        raise BadLine(BadLineReason.BAD_TIME, "time_us is not a time in microseconds")
    return microseconds


def _seconds(microseconds: int) -> int:
    return microseconds // 1_000_000
