"""Keys as words of commands, kept ready, and the time at which this thread refreshed the TTL of each last. Pure."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

REFRESH_SECONDS = 1800
"""A TTL is refreshed when it is this old. It must be less than the slack by which TTLs exceed the retention."""

_MOST_KEYS = 65_536
"""Keys that are kept: some 20 MB. A table that is full begins again, which costs refreshes."""


class _Entry:
    __slots__ = ("refreshed_at", "words")

    def __init__(self, words: bytes) -> None:
        self.words = words
        self.refreshed_at = -REFRESH_SECONDS


class TakenKeys(NamedTuple):
    """words: of the keys in order. due: words of those whose TTL is due, each once."""

    words: list[bytes]
    due: list[bytes]


class KeyTable:
    """Keys of one kind by number. For one thread."""

    def __init__(self, words_of: Callable[[int], bytes], keys_per_number: int = 1) -> None:
        """words_of: words of the keys of a number, all of one length; the TTL of the first is refreshed."""
        self._words_of = words_of
        self._keys_per_number = keys_per_number
        self._entries: dict[int, _Entry] = {}

    def take(self, numbers: Iterable[int], now: int) -> TakenKeys:
        """Keys for a call at now (Unix seconds), which refreshes those that are due."""
        entries, since = self._entries, now - REFRESH_SECONDS
        taken: list[bytes] = []
        due: list[bytes] = []
        for number in numbers:
            entry = entries.get(number) or self._add(number)
            if not since < entry.refreshed_at <= now:
                entry.refreshed_at = now
                due.append(entry.words[: len(entry.words) // self._keys_per_number])
            taken.append(entry.words)
        return TakenKeys(taken, due)

    def forget(self) -> None:
        """A call failed: which TTLs it refreshed is not known."""
        self._entries.clear()

    def _add(self, number: int) -> _Entry:
        if len(self._entries) >= _MOST_KEYS:
            self._entries.clear()
        entry = self._entries[number] = _Entry(self._words_of(number))
        return entry
