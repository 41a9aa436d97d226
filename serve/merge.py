"""The merge: which posts the answer holds, whose lists must be read deeper, which parents must be looked up. Pure.

It runs after every round of fetching over all that is known, and is exact when it asks for nothing more. Entries are
taken newest first over all authors until max_results have passed; rules are applied only to entries that get so far.
"""

from collections.abc import Mapping
from typing import NamedTuple

from common.member import POST_ID, encode_id, encode_time
from common.record import Record
from serve.query import Query
from serve.reply_facts import SECONDARY_TAGS, reply_facts, reply_passes, source_user

LIST_CAP = 5000
"""Entries of a list that exist for readers, newest first: the store trims a list to it only now and then."""

_IDENTITY = slice(0, 15)
_LAST_ID_BYTE = 14


class Head(NamedTuple):
    """The newest entries of an author's list, newest first. complete: there are no others."""

    members: list[bytes]
    complete: bool


class Passed(NamedTuple):
    """A post of the answer."""

    member: bytes
    author_id: int


class Merged(NamedTuple):
    """Posts that passed and entries that were looked at, newest first, and what is missing for this to be exact."""

    passed: list[Passed]
    examined: list[Passed]
    short: list[int]  # authors whose list must be read deeper
    unknown_parents: list[bytes]  # encoded post ids whose records must be looked up


def merge(query: Query, heads: Mapping[int, Head], parents: Mapping[bytes, Record | None], oldest: int) -> Merged:
    """Merge all that is known. oldest: Unix seconds, inclusive. A reply whose parent is unknown does not pass (yet)."""
    owners: dict[bytes, int] = {}
    for author, head in heads.items():
        owners.update(dict.fromkeys(head.members, author))
    rules = _Rules(query, heads, parents)
    floor = encode_time(oldest)
    excluded, limited, most = rules.excluded, rules.limited, query.max_results
    passed: list[Passed] = []
    examined: list[Passed] = []
    last = bytes(_IDENTITY.stop)
    for member in sorted(owners, reverse=True):
        if member < floor or len(passed) == most:
            break
        if member[_LAST_ID_BYTE] == last[_LAST_ID_BYTE] and member[_IDENTITY] == last[_IDENTITY]:
            continue  # the same post, encoded by another version
        last = member
        entry = Passed(member, owners[member])
        examined.append(entry)
        # Most entries are originals that no rule concerns: they are not worth a call.
        concerned = (
            member[-1] in SECONDARY_TAGS or entry.author_id in limited or (excluded and member[POST_ID] in excluded)
        )
        if not concerned or rules.passes(entry):
            passed.append(entry)
    cut = passed[-1].member if len(passed) == most else floor
    short = [author for author, head in heads.items() if _hides_entries_above(cut, head) and not rules.is_spent(author)]
    return Merged(passed, examined, short, rules.unknown_parents)


def _hides_entries_above(cut: bytes, head: Head) -> bool:
    return not head.complete and head.members[-1] > cut


class _Quota:
    """How many more entries of one kind an author may contribute."""

    __slots__ = ("kept", "scanned", "seen")

    def __init__(self, cap: int, scan: int) -> None:
        self.kept, self.scanned, self.seen = cap, scan, LIST_CAP

    @property
    def spent(self) -> bool:
        return self.kept <= 0 or self.scanned <= 0 or self.seen <= 0


class _Quotas(NamedTuple):
    """Of an author whose entries may exceed a cap. A video list counts all its entries together."""

    original: _Quota
    secondary: _Quota

    @classmethod
    def of(cls, query: Query) -> "_Quotas":
        caps = query.caps
        if query.video:
            videos = _Quota(caps.video, caps.scan)
            return cls(videos, videos)
        return cls(_Quota(caps.original, caps.scan), _Quota(caps.secondary, caps.scan))


class _Rules:
    """Contract 4.3 and 4.4 over one pass: entries of an author come newest first."""

    def __init__(self, query: Query, heads: Mapping[int, Head], parents: Mapping[bytes, Record | None]) -> None:
        self.excluded = {encode_id(post) for post in query.excluded}
        self.limited = {
            author: _Quotas.of(query) for author, head in heads.items() if len(head.members) > _smallest_cap(query)
        }
        self.unknown_parents: list[bytes] = []
        self._viewer = encode_id(query.viewer_id)
        self._following = frozenset(query.following)
        self._video = query.video
        self._parents = parents

    def passes(self, entry: Passed) -> bool:
        """Whether the entry is in the answer, as far as known."""
        member, author = entry
        is_secondary = member[-1] in SECONDARY_TAGS
        quotas = self.limited.get(author)
        quota = quotas and (quotas.secondary if is_secondary else quotas.original)
        if quota:
            if quota.spent:
                return False
            quota.seen -= 1
        if member[POST_ID] in self.excluded:
            return False
        if quota:
            quota.scanned -= 1
        if is_secondary and not self._secondary_passes(member):
            return False
        if quota:
            quota.kept -= 1
        return True

    def is_spent(self, author: int) -> bool:
        """Whether no further entry of the author can be in the answer."""
        quotas = self.limited.get(author)
        return quotas is not None and quotas.original.spent and quotas.secondary.spent

    def _secondary_passes(self, member: bytes) -> bool:
        if source_user(member) == self._viewer:
            return False
        if self._video:
            return True
        reply = reply_facts(member)
        if reply.parent is None:
            return True
        if reply.parent not in self._parents:
            self.unknown_parents.append(reply.parent)
            return False
        return reply_passes(reply, self._parents[reply.parent], self._following)


def _smallest_cap(query: Query) -> int:
    caps = query.caps
    return min(caps.video if query.video else min(caps.original, caps.secondary), caps.scan, LIST_CAP)
