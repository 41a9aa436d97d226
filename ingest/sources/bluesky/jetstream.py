"""Bluesky's Jetstream, v1 JSON: what one line of the stream means to a feed. Pure.

A post's id is made from its at-URI, an author's from the DID, so that a reply, a repost or a deletion, which carry no
numbers, still name the right post. What changes nothing in a feed is ignored by kind; an edited post stays as it was.

A line means the same whatever came before it, so their order does not matter here: the store lets a deletion win over
its create, whichever comes first. A record key that is used again after its deletion is the same at-URI and therefore
the same id: the post stays deleted, for a tombstone is final as long as the retention. A follow has an id for the sake
of its deletion, which names no target.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from common.ids import id_of_string
from common.post import MAX_CREATED_AT, LightPost
from ingest.events import AuthorDelete, Follow, PostDelete
from ingest.sources.json_line import BadLine, BadLineReason, date, member, member_or_empty, parsed, text

_POST = "app.bsky.feed.post"
_REPOST = "app.bsky.feed.repost"
_FOLLOW = "app.bsky.graph.follow"
WANTED_COLLECTIONS = (_POST, _REPOST, _FOLLOW)
"""What to ask of a Jetstream; accounts and identities come unasked."""

_VIDEO = "app.bsky.embed.video"
_RECORD_WITH_MEDIA = "app.bsky.embed.recordWithMedia"

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2048}")
_AT_URI = re.compile(rf"at://({_DID.pattern})/([A-Za-z0-9.-]{{1,317}})/([A-Za-z0-9._:~-]{{1,512}})")


class IgnoredKind(StrEnum):
    """What people do that changes nothing in a feed. A closed set: collection names come from strangers."""

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
    """One line: who did something, when (the time of the event, Unix microseconds), and what it means to a feed.

    has_bad_date: the record's own date could not be read, so the time of the event stands for it.
    """

    did: str
    time_us: int
    outcome: Outcome
    has_bad_date: bool = False

    @property
    def at(self) -> int:
        """The time of the event, in Unix seconds."""
        return _seconds(self.time_us)


class _Reference(NamedTuple):
    """What an at-URI points to."""

    record_id: int
    author_id: int


class _Commit(NamedTuple):
    """One change of one record in the repository of an account."""

    author_id: int
    record_id: int
    time_us: int
    record: Mapping[str, object]

    @property
    def at(self) -> int:
        """The time of the event, in Unix seconds."""
        return _seconds(self.time_us)


def read_line(line: bytes | str) -> Line:
    """Read one line of JSON. Raises BadLine, and never anything else."""
    message = parsed(line)
    did = _did(message, "did")
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
    """A deleted account takes its posts along; a suspended or deactivated one may come back and keeps them."""
    if account.get("active") is False and account.get("status") == "deleted":
        return AuthorDelete(id_of_string(did), at)
    return IgnoredKind.ACCOUNT


def _commit(did: str, time_us: int, commit: Mapping[str, object]) -> Line:
    collection, operation = text(commit, "collection"), commit.get("operation")
    if collection not in WANTED_COLLECTIONS:
        return Line(did, time_us, _IGNORED_COLLECTIONS.get(collection, IgnoredKind.OTHER))
    change = _Commit(
        author_id=id_of_string(did),
        record_id=_reference(f"at://{did}/{collection}/{text(commit, 'rkey')}", "rkey").record_id,
        time_us=time_us,
        record=member(commit, "record") if operation == "create" else {},
    )
    match operation:
        case "create":
            return _created(did, collection, change)
        case "delete":
            return Line(did, time_us, _deleted(collection, change))
        case "update":
            return Line(did, time_us, IgnoredKind.UPDATE)
        case _:
            raise BadLine(BadLineReason.BAD_FIELD, "operation is none of create, update, delete")


def _created(did: str, collection: str, change: _Commit) -> Line:
    written_at = _written_at(collection, change.record)
    created_at = change.at if written_at is None else min(written_at, change.at)
    outcome_of = {_POST: _post, _REPOST: _repost, _FOLLOW: _follow}[collection]
    return Line(did, change.time_us, outcome_of(change, created_at), has_bad_date=written_at is None)


def _written_at(collection: str, record: Mapping[str, object]) -> int | None:
    """When the record says that it was written, None when it does not. A follow is never from before 1970."""
    written_at = date(record, "createdAt")
    is_too_old = collection == _FOLLOW and written_at is not None and written_at <= 0
    return None if is_too_old else written_at


def _deleted(collection: str, change: _Commit) -> PostDelete | Follow:
    if collection == _FOLLOW:
        return Follow(change.author_id, 0, change.record_id, change.at, removed=True)
    return PostDelete(change.record_id, change.at)


def _post(change: _Commit, created_at: int) -> LightPost:
    post = LightPost(change.record_id, change.author_id, created_at, has_video=_has_video(change.record))
    if change.record.get("reply") is None:
        return post
    reply = member(change.record, "reply")
    parent = _reference(text(member(reply, "parent"), "uri"), "parent")
    root = _reference(text(member(reply, "root"), "uri"), "root")
    return post._replace(
        in_reply_to_post_id=parent.record_id,
        in_reply_to_user_id=parent.author_id,
        is_reply=True,
        conversation_id=root.record_id,
    )


def _repost(change: _Commit, created_at: int) -> LightPost:
    source = _reference(text(member(change.record, "subject"), "uri"), "subject")
    return LightPost(
        change.record_id,
        change.author_id,
        created_at,
        is_retweet=True,
        source_post_id=source.record_id,
        source_user_id=source.author_id,
    )


def _follow(change: _Commit, created_at: int) -> Follow:
    target_id = id_of_string(_did(change.record, "subject"))
    return Follow(change.author_id, target_id, change.record_id, created_at)


def _has_video(record: Mapping[str, object]) -> bool:
    """Whether a video is embedded, alone or beside a quoted post."""
    embed = member_or_empty(record, "embed")
    if embed.get("$type") == _RECORD_WITH_MEDIA:
        embed = member_or_empty(embed, "media")
    return embed.get("$type") == _VIDEO


def _event_time(message: Mapping[str, object]) -> int:
    microseconds = message.get("time_us")
    if type(microseconds) is not int or not 0 < microseconds <= MAX_CREATED_AT * 1_000_000:
        raise BadLine(BadLineReason.BAD_TIME, "time_us is not a time in microseconds")
    return microseconds


def _seconds(microseconds: int) -> int:
    return microseconds // 1_000_000


def _reference(uri: str, field: str) -> _Reference:
    """An at-URI whose authority is a DID: a handle may change hands, and no record of ours is known by one."""
    match = _AT_URI.fullmatch(uri)
    if match is None:
        raise BadLine(BadLineReason.BAD_REFERENCE, f"{field} does not make an at-URI of a DID")
    return _Reference(id_of_string(uri), id_of_string(match[1]))


def _did(container: Mapping[str, object], field: str) -> str:
    did = text(container, field)
    if _DID.fullmatch(did) is None:
        raise BadLine(BadLineReason.BAD_DID, f"{field} is not a DID")
    return did
