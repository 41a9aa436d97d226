"""Merges lists into the answer; finds which lists to read deeper and which parents to look up. Pure.

It runs after every round of fetching over all that is known, and is exact when it asks for nothing more. Entries are
taken newest first over all authors until max_results have passed, and one more, which shows that there are more; rules
are applied only to entries that get so far. A page begins behind a place: of what is newer, only the entries of authors
that may exceed a cap are looked at, because they count towards it.
"""

from bisect import bisect_left
from collections.abc import Mapping
from operator import itemgetter
from typing import NamedTuple

from common.store.member import LATEST_TIME, NEWEST_TAG, POST_ID, encode_time, first_bytes
from serve.query import Query
from serve.timeline.filters import Rules
from serve.timeline.reply_filter import SECONDARY_TAGS

_IDENTITY = slice(0, 15)  # created_at and post_id
_LAST_ID_BYTE = 14
_LAST_BYTE = itemgetter(-1)


class Merged(NamedTuple):
    """Members that passed, members that were looked at for these, newest first, and what is missing to be exact."""

    passed: list[bytes]
    examined: list[bytes]
    incomplete_authors: list[int]  # authors whose list must be read deeper
    unknown_parents: list[bytes]  # encoded post ids whose records must be looked up
    has_more: bool = False  # whether one more of the known members passes


class Merge:
    """The entries and parents that one request has read, and the answer that follows from them."""

    def __init__(self, query: Query, oldest: int) -> None:
        """oldest: created_at of the oldest post that counts, in Unix seconds."""
        self.author_of: dict[bytes, int] = {}
        self._query = query
        self._floor = encode_time(oldest)
        self._page = _page_start(query)
        self._rules = Rules(query)
        self.add_parent, self.close_parent = self._rules.add_parent, self._rules.close_parent
        self._members: list[bytes] = []
        self._sorted = 0  # members up to here were put in order, part by part
        self._newest_of: dict[int, bytes] = {}
        # Of the authors that have older entries, which are not known, in the order of the request; empty at first.
        self._last_read = dict.fromkeys(query.following, b"")
        self._has_gaps = False  # whether entries of some author cannot be read
        self._unreadable: dict[int, set[bytes]] = {}  # identities of posts that only a newer version can read
        self._newest_new = b""  # of the members added since the last run
        self._pass = _Pass()

    def add_author(self, author: int, members: list[bytes], last_read: bytes | None) -> None:
        """Take the newest entries of an author's list, newest first.

        last_read: the last entry that was read, when there may be older ones; None when the list has no others.
        """
        new = readable = members
        if members and max(map(_LAST_BYTE, members)) > NEWEST_TAG:
            new = readable = self._without_newer(author, members)
        if self._last_read.get(author):  # read before, and deeper now
            new = [member for member in readable if member not in self.author_of]
        if last_read is None:
            self._last_read.pop(author, None)
        else:
            self._last_read[author] = last_read
        if new:
            self._members += new
            self._newest_new = max(self._newest_new, new[0])
            self._newest_of[author] = readable[0]
            self.author_of.update(dict.fromkeys(new, author))
            if len(readable) > self._rules.smallest_cap:
                self._rules.add_author(author, readable)

    def close_author(self, author: int) -> None:
        """Stop expecting older entries of this author: they cannot be read."""
        self._last_read.pop(author, None)
        self._has_gaps = True

    def note_gap(self) -> None:
        """Note that entries are not among those that were added, though they may be in the answer."""
        self._has_gaps = True

    def sort_part(self) -> None:
        """Put what was added last in order: done for each part of a wide round, it leaves run() less to do."""
        part = self._members[self._sorted :]
        part.sort(reverse=True)
        self._members[self._sorted :] = part
        self._sorted = len(self._members)

    def run(self) -> Merged:
        """Merge all that is known. A reply whose parent is unknown does not pass (yet)."""
        most = self._query.max_results
        if self._newest_new:  # not only parents have come
            self._members.sort(reverse=True)
            self._sorted = len(self._members)
        start = _up_to(self._page, self._members) if self._page else 0
        self._begin(start)
        self._go_on(most)
        passed = self._pass.passed()[:most]
        is_full = len(passed) == most
        end = _up_to(passed[-1], self._members) if is_full else self._pass.examined
        incomplete, unknown = self._missing(passed[-1] if is_full else self._floor)
        has_more = False
        if is_full and not incomplete and not unknown:
            self._go_on(most + 1)
            has_more = len(self._pass.passed()) > most
            if not has_more:
                incomplete, unknown = self._missing(self._floor)
        return Merged(passed, self._members[start:end], incomplete, unknown, has_more)

    def may_have_more(self, merged: Merged) -> bool:
        """Whether older posts than those that passed may pass, when nothing more can be read."""
        if merged.incomplete_authors or merged.unknown_parents or self._has_gaps or self.unreadable:
            return True
        undecided = self._rules.oldest_undecided
        end = merged.passed[-1] if merged.passed else self._page
        return undecided is not None and (end is None or undecided < end)

    def _begin(self, start: int) -> None:
        """Continue before the newest of the new members, or where the page starts."""
        if self._rules.limited:  # what an author may contribute is counted from the newest entry on
            self._rules.begin()
            self._pass = _Pass()
            self._count_newer(start)
        else:
            self._pass.rewind(self._members, self._newest_new)
        self._pass.examined = max(self._pass.examined, start)
        self._newest_new = b""
        self._pass.settle(self._rules)

    def _count_newer(self, start: int) -> None:
        """Count what is newer than the page towards the caps of its authors."""
        author_of, limited = self.author_of, self._rules.limited
        newer = [member for member in self._members[:start] if author_of[member] in limited]
        _Pass().go_on(newer, author_of, len(newer), len(newer) + 1, self._rules)

    def _go_on(self, most: int) -> None:
        self._pass.go_on(self._members, self.author_of, _up_to(self._floor, self._members), most, self._rules)

    def _missing(self, cut: bytes) -> tuple[list[int], list[bytes]]:
        """Authors with unread entries that may be newer than the cut, and unknown parents."""
        last_read, is_spent = self._last_read, self._rules.is_spent
        incomplete = [author for author, last in last_read.items() if last > cut and not is_spent(author)]
        return incomplete, list(self._rules.unknown_parents)

    @property
    def unreadable(self) -> int:
        """Live posts left out of the answer because a newer version wrote them."""
        return sum(map(len, self._unreadable.values()))

    @property
    def blocked_reposts(self) -> int:
        """Reposts left out because their source's author is blocked."""
        return len(self._rules.blocked_reposts)

    def authors_of_newest(self, members: list[bytes]) -> int:
        """Number of authors of these members, which are the newest of all, or of a page."""
        if self._page:
            return len(set(map(self.author_of.__getitem__, members)))
        return sum(newest >= members[-1] for newest in self._newest_of.values()) if members else 0

    def _without_newer(self, author: int, members: list[bytes]) -> list[bytes]:
        """The members that this version understands; the posts of the others are counted."""
        readable = [member for member in members if member[-1] <= NEWEST_TAG]
        live = {member[_IDENTITY] for member in members if member >= self._floor}
        self._unreadable[author] = live.difference(member[_IDENTITY] for member in readable)
        return readable


def _page_start(query: Query) -> bytes | None:
    """First bytes of a member at the place before the page; None for the first page."""
    before = query.before
    if before is None or before.created_at > LATEST_TIME:
        return None
    return first_bytes(before.created_at, before.post_id)[_IDENTITY]


def _up_to(bound: bytes, members: list[bytes]) -> int:
    """Number of members, ordered newest first, that are not older than the bound."""
    return bisect_left(members, True, key=lambda member: member < bound)


class _Pass:
    """Entries taken newest first until enough have passed. It can continue when more becomes known."""

    def __init__(self) -> None:
        self.examined = 0
        self._candidates: list[bytes] = []
        self._waiting: set[bytes] = set()  # candidates whose parent is unknown

    def passed(self) -> list[bytes]:
        """Candidates that pass, newest first."""
        waiting = self._waiting
        return [member for member in self._candidates if member not in waiting] if waiting else self._candidates

    def rewind(self, members: list[bytes], newest_new: bytes) -> None:
        """Go back to before the newest of the members that are new."""
        if self.examined and members[self.examined - 1] <= newest_new:
            self.examined = _up_to(newest_new, members) - 1
            del self._candidates[_up_to(newest_new, self._candidates) :]
            self._waiting.intersection_update(self._candidates)

    def settle(self, rules: Rules) -> None:
        """Drop the candidates whose parents, now known, do not let them pass."""
        if self._waiting:
            dropped = {member for member in self._waiting if rules.judge(member) is False}
            self._waiting = {member for member in self._waiting if member not in rules.verdicts}
            self._candidates = [member for member in self._candidates if member not in dropped]

    def go_on(self, members: list[bytes], author_of: Mapping[bytes, int], live: int, most: int, rules: Rules) -> None:
        """Look at further members until `most` pass or the live ones end. The hot loop: it calls only where it must."""
        candidates, waiting = self._candidates, self._waiting
        excluded, limited, verdicts = rules.excluded, rules.limited, rules.verdicts
        last = candidates[-1] if candidates else bytes(_IDENTITY.stop)
        while self.examined < live and (missing := most - len(candidates) + len(waiting)) > 0:
            start, self.examined = self.examined, min(live, self.examined + missing)
            for member in members[start : self.examined]:
                if member[_LAST_ID_BYTE] == last[_LAST_ID_BYTE] and member[_IDENTITY] == last[_IDENTITY]:
                    continue  # the same post, encoded by another version
                last = member
                if limited and author_of[member] in limited:
                    passes = rules.passes(member, author_of[member])
                elif member[-1] in SECONDARY_TAGS:
                    passes = verdicts[member] if member in verdicts else rules.judge(member)
                    if passes is None:
                        waiting.add(member)
                        passes = True
                else:
                    passes = not excluded or member[POST_ID] not in excluded
                if passes:
                    candidates.append(member)
