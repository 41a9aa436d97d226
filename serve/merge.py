"""The merge: which posts the answer holds, whose lists must be read deeper, which parents must be looked up. Pure.

It runs after every round of fetching over all that is known, and is exact when it asks for nothing more. Entries are
taken newest first over all authors until max_results have passed; rules are applied only to entries that get so far.
"""

from bisect import bisect_left
from typing import NamedTuple

from common.member import POST_ID, encode_time
from common.record import Record
from serve.query import Query
from serve.reply_facts import SECONDARY_TAGS
from serve.rules import Rules

_IDENTITY = slice(0, 15)  # created_at and post_id
_LAST_ID_BYTE = 14


class Merged(NamedTuple):
    """Members that passed and members that were looked at, newest first, and what is missing for this to be exact."""

    passed: list[bytes]
    examined: list[bytes]
    short: list[int]  # authors whose list must be read deeper
    unknown_parents: list[bytes]  # encoded post ids whose records must be looked up


class Merge:
    """What one request knows of the store, and the answer that follows from it."""

    def __init__(self, query: Query, oldest: int) -> None:
        """oldest: created_at of the oldest post that counts, in Unix seconds."""
        self.author_of: dict[bytes, int] = {}
        self._query = query
        self._floor = encode_time(oldest)
        self._rules = Rules(query)
        self._members: list[bytes] = []
        self._last_read: dict[int, bytes] = {}  # of the authors that have older entries, which are not known

    def learn_author(self, author: int, members: list[bytes], *, complete: bool) -> None:
        """Take the newest entries of an author's list, newest first. complete: there are no others."""
        if author in self._last_read:  # read before, and deeper now
            self._members += [member for member in members if member not in self.author_of]
        else:
            self._members += members
        self.author_of.update(dict.fromkeys(members, author))
        self._rules.learn_author(author, members)
        if complete:
            self._last_read.pop(author, None)
        else:
            self._last_read[author] = members[-1]

    def give_up(self, author: int) -> None:
        """Older entries of this author cannot be had: do without."""
        self._last_read.pop(author, None)

    def learn_parent(self, parent: bytes, record: Record | None) -> None:
        """Take the live record of a parent (encoded post id), None where there is none."""
        self._rules.learn_parent(parent, record)

    def run(self) -> Merged:
        """Merge all that is known. A reply whose parent is unknown does not pass (yet)."""
        self._members.sort(reverse=True)
        self._rules.begin()
        passed, examined = self._pass()
        is_full = len(passed) == self._query.max_results
        cut = passed[-1] if is_full else self._floor
        short = [author for author, last in self._last_read.items() if last > cut and not self._rules.is_spent(author)]
        return Merged(passed, self._members[:examined], short, list(self._rules.unknown_parents))

    def _pass(self) -> tuple[list[bytes], int]:
        """The members that pass, and how many were looked at. The loop of the hot path: it calls only where it must."""
        author_of, most = self.author_of, self._query.max_results
        rules = self._rules
        excluded, limited, verdicts = rules.excluded, rules.limited, rules.verdicts
        members = self._members
        live = bisect_left(members, True, key=lambda member: member < self._floor)
        passed: list[bytes] = []
        examined = 0
        last = bytes(_IDENTITY.stop)
        while len(passed) < most and examined < live:
            start, examined = examined, min(live, examined + most - len(passed))
            for member in members[start:examined]:
                if member[_LAST_ID_BYTE] == last[_LAST_ID_BYTE] and member[_IDENTITY] == last[_IDENTITY]:
                    continue  # the same post, encoded by another version
                last = member
                if limited and author_of[member] in limited:
                    passes = rules.passes(member, author_of[member])
                elif member[-1] in SECONDARY_TAGS:
                    passes = verdicts[member] if member in verdicts else rules.judge(member)
                else:
                    passes = not excluded or member[POST_ID] not in excluded
                if passes:
                    passed.append(member)
        return passed, examined
