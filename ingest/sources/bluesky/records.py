"""Bluesky's records: what creating or deleting one means to a timeline. Pure.

A post's id is made from its at-URI, an author's from the DID, so that a reply, a repost or a deletion, which carry no
numbers, still name the right post. A record key that is used again after its deletion is the same at-URI and therefore
the same id: the post stays deleted, for a tombstone is final as long as the retention. A follow has an id because its
deletion names no target.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from common.ids import id_of_string
from common.post import LightPost
from ingest.events import Follow, PostDelete
from ingest.sources.json_line import BadLine, BadLineReason, date, member, member_or_empty, text

POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
FOLLOW = "app.bsky.graph.follow"

_VIDEO = "app.bsky.embed.video"
_RECORD_WITH_MEDIA = "app.bsky.embed.recordWithMedia"

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2048}")
_AT_URI = re.compile(rf"at://({_DID.pattern})/([A-Za-z0-9.-]{{1,317}})/([A-Za-z0-9._:~-]{{1,512}})")


class _Reference(NamedTuple):
    """The post and the author that an at-URI points to."""

    record_id: int
    author_id: int


class RecordChange(NamedTuple):
    """One change of one record in the repository of an account. at: time of the event, in Unix seconds."""

    collection: str
    author_id: int
    record_id: int
    at: int


class Created(NamedTuple):
    """The event of a new record. has_bad_date: its own date could not be read, so that of the event stands for it."""

    event: LightPost | Follow
    has_bad_date: bool


def record_change(did: str, collection: str, key: str, at: int) -> RecordChange:
    """The change of a record by its key. Raises BadLine."""
    record_id = _reference(f"at://{did}/{collection}/{key}", "rkey").record_id
    return RecordChange(collection, id_of_string(did), record_id, at)


def created(change: RecordChange, record: Mapping[str, object]) -> Created:
    """The event of a new post, repost or follow, never later than its commit. Raises BadLine."""
    written_at = _written_at(change.collection, record)
    created_at = change.at if written_at is None else min(written_at, change.at)
    event_of = {POST: _post, REPOST: _repost, FOLLOW: _follow}[change.collection]
    return Created(event_of(change, record, created_at), has_bad_date=written_at is None)


def deleted(change: RecordChange) -> PostDelete | Follow:
    """The event of a deleted post, repost or follow."""
    if change.collection == FOLLOW:
        return Follow(change.author_id, 0, change.record_id, change.at, removed=True)
    return PostDelete(change.record_id, change.at)


def checked_did(container: Mapping[str, object], field: str) -> str:
    """The DID of that name. Raises BadLine."""
    did = text(container, field)
    if _DID.fullmatch(did) is None:
        raise BadLine(BadLineReason.BAD_DID, f"{field} is not a DID")
    return did


def _written_at(collection: str, record: Mapping[str, object]) -> int | None:
    """The record's own date; None when it has none, or a follow claims to be from before 1970."""
    written_at = date(record, "createdAt")
    is_too_old = collection == FOLLOW and written_at is not None and written_at <= 0
    return None if is_too_old else written_at


def _post(change: RecordChange, record: Mapping[str, object], created_at: int) -> LightPost:
    post = LightPost(change.record_id, change.author_id, created_at, has_video=_has_video(record))
    if record.get("reply") is None:
        return post
    reply = member(record, "reply")
    parent = _reference(text(member(reply, "parent"), "uri"), "parent")
    root = _reference(text(member(reply, "root"), "uri"), "root")
    return post._replace(
        in_reply_to_post_id=parent.record_id,
        in_reply_to_user_id=parent.author_id,
        is_reply=True,
        conversation_id=root.record_id,
    )


def _repost(change: RecordChange, record: Mapping[str, object], created_at: int) -> LightPost:
    source = _reference(text(member(record, "subject"), "uri"), "subject")
    return LightPost(
        change.record_id,
        change.author_id,
        created_at,
        is_retweet=True,
        source_post_id=source.record_id,
        source_user_id=source.author_id,
    )


def _follow(change: RecordChange, record: Mapping[str, object], created_at: int) -> Follow:
    target_id = id_of_string(checked_did(record, "subject"))
    return Follow(change.author_id, target_id, change.record_id, created_at)


def _has_video(record: Mapping[str, object]) -> bool:
    """Whether a video is embedded, alone or beside a quoted post."""
    embed = member_or_empty(record, "embed")
    if embed.get("$type") == _RECORD_WITH_MEDIA:
        embed = member_or_empty(embed, "media")
    return embed.get("$type") == _VIDEO


def _reference(uri: str, field: str) -> _Reference:
    """An at-URI whose authority is a DID: a handle may change its owner, and ids are never made from one."""
    match = _AT_URI.fullmatch(uri)
    if match is None:
        raise BadLine(BadLineReason.BAD_REFERENCE, f"{field} does not make an at-URI of a DID")
    return _Reference(id_of_string(uri), id_of_string(match[1]))
