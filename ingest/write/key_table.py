"""Keys as words of commands, kept ready, and those whose TTL this thread has refreshed of late. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

REFRESH_SECONDS = 1800
"""A write refreshes a TTL that may be this old. It must be less than the slack by which TTLs exceed the retention."""

MOST_KEYS = 65_536
"""Keys that are kept: some 20 MB. A table that is full begins again, which costs refreshes."""


class TakenKeys(NamedTuple):
    """words: of the keys in order. due: words of those whose TTL is due, each once."""

    words: list[bytes]
    due: list[bytes]


class KeyTable:
    """Keys of one kind by number. For one thread."""

    def __init__(self, words_of: Callable[[int], bytes], keys_per_number: int = 1, most_keys: int = MOST_KEYS) -> None:
        """words_of: words of the keys of a number, all of one length; the TTL of the first is refreshed."""
        self._words = _Words(words_of)
        self._keys_per_number = keys_per_number
        self._most_keys = most_keys
        self._fresh: set[int] = set()
        self._fresh_since = -REFRESH_SECONDS

    def take(self, numbers: Sequence[int], now: int) -> TakenKeys:
        """Keys for a call at now (Unix seconds), which refreshes those that are due."""
        if len(self._words) > self._most_keys:
            self._words.clear()
            self.forget()
        if not self._fresh_since <= now < self._fresh_since + REFRESH_SECONDS:
            self._fresh, self._fresh_since = set(), now
        words = self._words
        due = set(numbers).difference(self._fresh)
        self._fresh |= due
        taken = [words[number] for number in numbers]
        return TakenKeys(taken, [self._first(words[number]) for number in due])

    def forget(self) -> None:
        """A call failed: which TTLs it refreshed is not known."""
        self._fresh.clear()

    def _first(self, words: bytes) -> bytes:
        return words[: len(words) // self._keys_per_number]


class _Words(dict[int, bytes]):
    """Makes the words of a number when they are first asked for."""

    def __init__(self, words_of: Callable[[int], bytes]) -> None:
        self._words_of = words_of

    def __missing__(self, number: int) -> bytes:
        words = self[number] = self._words_of(number)
        return words
