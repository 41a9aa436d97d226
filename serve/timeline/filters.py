"""Filters and caps the entries of authors' lists (contract 4.3, 4.4). Pure; one object per request."""

from functools import lru_cache
from typing import NamedTuple

from common.store.member import LIST_CAP, POST_ID, TAG_IS_RETWEET, encode_id
from common.store.record import PostRecord
from serve.query import Query
from serve.timeline.reply_filter import (
    SECONDARY_TAGS,
    endings_of_reposts_of,
    is_reply,
    parent_of,
    reply_passes,
    source_user_of_repost,
)


class _Quota:
    """Number of further entries of one kind that an author may contribute."""

    __slots__ = ("kept", "scanned", "seen")

    def __init__(self, cap: int, scan: int) -> None:
        self.kept, self.scanned, self.seen = cap, scan, LIST_CAP

    @property
    def spent(self) -> bool:
        return self.kept <= 0 or self.scanned <= 0 or self.seen <= 0


class _Quotas(NamedTuple):
    original: _Quota
    secondary: _Quota


class Rules:
    """Applies the rules to entries in passes: in each, the entries of an author come newest first."""

    def __init__(self, query: Query) -> None:
        self.excluded = frozenset(encode_id(post) for post in query.excluded)
        self.limited: set[int] = set()
        self.verdicts: dict[bytes, bool] = {}
        self.unknown_parents: dict[bytes, None] = {}
        self.blocked_reposts: set[bytes] = set()
        self.oldest_undecided: bytes | None = None  # of the replies whose parent cannot be looked up
        self._query = query
        self._own_reposts = endings_of_reposts_of(encode_id(query.viewer_id))
        self._following = frozenset(query.following)
        self._excluded_sources = frozenset(map(encode_id, query.excluded_authors))
        self._blocked_sources = _encoded(query.blocked_authors)
        hides_sources = bool(self._excluded_sources or self._blocked_sources)
        self._hides = query.exclude_replies or query.exclude_reposts or hides_sources
        self._parents: dict[bytes, PostRecord | None] = {}
        self._lost_parents: set[bytes] = set()
        self._quotas: dict[int, _Quotas] = {}
        caps = query.caps
        self.smallest_cap = min(caps.video if query.video else min(caps.original, caps.secondary), caps.scan)

    def add_author(self, author: int, members: list[bytes]) -> None:
        """Note an author of whom more entries than the smallest cap are known: few authors' exceed a cap."""
        if self._exceeds_a_cap(members):
            self.limited.add(author)

    def add_parent(self, parent: bytes, record: PostRecord | None) -> None:
        """Note what the store holds of a parent (encoded post id)."""
        self._parents[parent] = record
        self.unknown_parents.pop(parent, None)

    def close_parent(self, parent: bytes) -> None:
        """Note that the store cannot say what it holds of a parent: replies to it do not pass."""
        self.add_parent(parent, None)
        self._lost_parents.add(parent)

    def begin(self) -> None:
        """Start a pass."""
        self._quotas = {author: self._fresh_quotas() for author in self.limited}

    def judge(self, member: bytes) -> bool | None:
        """Whether an entry that no cap concerns is in the answer; None while that depends on an unknown parent."""
        verdict = False if member[POST_ID] in self.excluded else self._filter(member)
        if verdict is not None:
            self.verdicts[member] = verdict
        return verdict

    def passes(self, member: bytes, author: int) -> bool:
        """Whether an entry of a limited author is in the answer. One whose parent is unknown is not (yet)."""
        is_secondary = member[-1] in SECONDARY_TAGS
        quota = self._quotas[author].secondary if is_secondary else self._quotas[author].original
        if quota.spent:
            return False
        quota.seen -= 1
        if member[POST_ID] in self.excluded:
            return False
        quota.scanned -= 1
        if is_secondary and not self.verdicts.get(member, False) and not self.judge(member):
            return False
        quota.kept -= 1
        return True

    def is_spent(self, author: int) -> bool:
        """Whether, in this pass, no further entry of the author can be in the answer."""
        quotas = self._quotas.get(author)
        return quotas is not None and quotas.original.spent and quotas.secondary.spent

    def _exceeds_a_cap(self, members: list[bytes]) -> bool:
        caps = self._query.caps
        if self._query.video:
            return True
        secondary = sum(member[-1] in SECONDARY_TAGS for member in members)
        return secondary > min(caps.secondary, caps.scan) or len(members) - secondary > min(caps.original, caps.scan)

    def _fresh_quotas(self) -> _Quotas:
        caps = self._query.caps
        if self._query.video:  # a video list counts all its entries together
            videos = _Quota(caps.video, caps.scan)
            return _Quotas(videos, videos)
        return _Quotas(_Quota(caps.original, caps.scan), _Quota(caps.secondary, caps.scan))

    def _filter(self, member: bytes) -> bool | None:
        """The rules on reposts and replies; None while the parent is unknown."""
        if member.endswith(self._own_reposts) or (self._hides and self._is_hidden(member)):
            return False
        if self._query.video or not is_reply(member):
            return True
        parent = parent_of(member)
        if parent is None:
            return True
        if parent not in self._parents:
            self.unknown_parents[parent] = None
            return None
        if parent in self._lost_parents:
            self.oldest_undecided = min(member, self.oldest_undecided or member)
        return reply_passes(member, self._parents[parent], self._following)

    def _is_hidden(self, member: bytes) -> bool:
        """Whether the request leaves out this reply or repost for its kind or for its source."""
        query = self._query
        if (query.exclude_reposts and member[-1] == TAG_IS_RETWEET) or (query.exclude_replies and is_reply(member)):
            return True
        source = source_user_of_repost(member)
        if source in self._blocked_sources:
            self.blocked_reposts.add(member)
            return True
        return source in self._excluded_sources


@lru_cache(maxsize=4)  # the same set in every request, until its file changes
def _encoded(authors: frozenset[int]) -> frozenset[bytes]:
    return frozenset(map(encode_id, authors))
