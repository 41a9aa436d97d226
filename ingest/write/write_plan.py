"""Decides what a batch of events writes to the store. Pure; post_writer carries it out.

A write is two idempotent steps. Step 1 claims post ids in the post family, which decides who wins. Step 2 puts the
winners into their authors' sets, or takes the deleted out of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import NamedTuple, TypeVar

from common.post import LightPost
from common.store.keys import AuthorKeys, KeySpace, PostKey
from common.store.member import encode_member
from common.store.record import LISTED_AS_VIDEO, TOMBSTONE, PostRecord, encode_record, record_field
from common.store.scripts import DELETE, MOST_PER_CALL, Addition, Claim, Removal
from ingest.events import AuthorDelete, Event, PostDelete

_TIME = Struct(">I")
_DELETED = Struct(">QII")  # author_id and created_at, zeros when unknown, and from when the tombstone lives

PostEvent = LightPost | PostDelete
"""An event that claims a post id."""

T = TypeVar("T")


class PlannedClaim(NamedTuple):
    """One event, and the claim it makes."""

    event: PostEvent
    bucket: int
    claim: Claim


class Winners(NamedTuple):
    """Writes of step 2."""

    additions: list[tuple[LightPost, Addition]]
    removals: list[Removal]


def sub_batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Cut a batch where a repost's video decision depends on an event before it. An author delete stands alone."""
    batch: list[Event] = []
    deciding: set[int] = set()
    for event in events:
        alone = isinstance(event, AuthorDelete)
        if batch and (alone or (isinstance(event, LightPost) and _source(event) in deciding)):
            yield batch
            batch, deciding = [], set()
        if alone:
            yield [event]
            continue
        batch.append(event)
        if isinstance(event, PostDelete) or _is_video_source(event):
            deciding.add(event.post_id)
    if batch:
        yield batch


def needed_sources(events: Iterable[Event]) -> list[int]:
    """Ids of the posts whose records decide whether a repost is listed as a video."""
    sources = (_source(event) for event in events if isinstance(event, LightPost))
    return list(dict.fromkeys(source for source in sources if source is not None))


def listed_as_video(post: LightPost, source: PostRecord | None) -> bool:
    """Contract 3.4: it has video, or reposts a live post that is no reply and has video; never a reply."""
    if post.is_reply:
        return False
    return post.has_video or (post.is_retweet and source is not None and source.has_video and not source.is_reply)


def plan_claims(
    events: Iterable[PostEvent], sources: Mapping[int, PostRecord | None], keys: KeySpace
) -> list[PlannedClaim]:
    """Step 1. A repost whose source is missing from sources (its shard did not answer) is left for the next try."""
    planned: list[PlannedClaim] = []
    for event in events:
        if isinstance(event, PostDelete):
            record = DELETE
        else:
            source = _source(event)
            if source is not None and source not in sources:
                continue
            held = sources[source] if source is not None else None
            record = encode_record(event, listed_as_video=listed_as_video(event, held))
        planned.append(_claim(event, keys.post(event.post_id), record))
    return planned


def winners(claims: Sequence[PlannedClaim], reply: bytes, keys: KeySpace) -> Winners:
    """Step 2, from the reply to one call of claim_posts.lua."""
    won = Winners([], [])
    at = 0
    for event, _, _ in claims:
        if isinstance(event, PostDelete):
            author_id, created_at, deleted_at = _DELETED.unpack_from(reply, at)
            at += _DELETED.size
            if author_id:
                won.removals.append(Removal(keys.author(author_id), created_at, event.post_id, deleted_at))
            continue
        flags = reply[at]
        at += 1
        if flags == TOMBSTONE:
            (deleted_at,) = _TIME.unpack_from(reply, at)
            at += _TIME.size
            won.removals.append(Removal(keys.author(event.author_id), event.created_at, event.post_id, deleted_at))
        elif flags:
            addition = Addition(event.created_at, encode_member(event), bool(flags & LISTED_AS_VIDEO))
            won.additions.append((event, addition))
    return won


def by_author(
    additions: Iterable[tuple[LightPost, Addition]], keys: KeySpace
) -> list[tuple[AuthorKeys, list[Addition]]]:
    """Additions of each author, in their order, at most MOST_PER_CALL to a group."""
    grouped: defaultdict[int, list[Addition]] = defaultdict(list)
    for post, addition in additions:
        grouped[post.author_id].append(addition)
    return [(keys.author(author_id), part) for author_id, posts in grouped.items() for part in _parts(posts, _one)]


def _one(_: object) -> int:
    return 1


def calls(
    items: Iterable[T], bucket_of: Callable[[T], int], size_of: Callable[[T], int] = _one
) -> list[tuple[int, list[T]]]:
    """Items grouped by bucket, in their order, into calls of at most MOST_PER_CALL posts (one item at least)."""
    grouped: defaultdict[int, list[T]] = defaultdict(list)
    for item in items:
        grouped[bucket_of(item)].append(item)
    return [(bucket, part) for bucket, group in grouped.items() for part in _parts(group, size_of)]


def _parts(group: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    part: list[T] = []
    size = 0
    for item in group:
        if part and size + size_of(item) > MOST_PER_CALL:
            yield part
            part, size = [], 0
        part.append(item)
        size += size_of(item)
    yield part


def _claim(event: PostEvent, key: PostKey, record: bytes) -> PlannedClaim:
    return PlannedClaim(event, key.bucket, Claim(key.hash, record_field(event.post_id), record))


def _source(post: LightPost) -> int | None:
    """Id of the source that decides whether the post is listed as a video, None when it decides alone."""
    return post.source_post_id if post.is_retweet and not post.is_reply and not post.has_video else None


def _is_video_source(post: Event) -> bool:
    return isinstance(post, LightPost) and post.has_video and not post.is_reply
