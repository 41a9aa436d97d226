"""Keys as words of commands, kept ready, and those whose TTL this thread has refreshed of late. Pure."""

from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

REFRESH_SECONDS = 1800
"""A write refreshes a TTL that may be this old. It must be less than the slack by which TTLs exceed the retention."""

MOST_KEYS = 65_536
"""Keys that are kept: some 10 MB. A table that is full begins again, which costs refreshes."""


W = TypeVar("W")


class KeyTable(Generic[W]):
    """Keys of one kind by number. For one thread."""

    def __init__(self, words_of: Callable[[int], W], most_keys: int = MOST_KEYS) -> None:
        """words_of: word of the key of a number, with that of another key where both are needed together."""
        self._words = _Words(words_of)
        self._most_keys = most_keys
        self._fresh: set[int] = set()
        self._fresh_since = -REFRESH_SECONDS

    def words(self, numbers: Iterable[int]) -> list[W]:
        """Words of the keys in order."""
        if len(self._words) > self._most_keys:
            self._words.clear()
        words = self._words
        return [words[number] for number in numbers]

    def due(self, numbers: Iterable[int], now: int, others: Collection[int] = ()) -> list[W]:
        """Words of the keys whose TTL a call at now (Unix seconds) must refresh, and of others, each once."""
        if not self._fresh_since <= now < self._fresh_since + REFRESH_SECONDS or len(self._fresh) > self._most_keys:
            self._fresh, self._fresh_since = set(), now
        due = set(numbers).difference(self._fresh)
        self._fresh |= due
        return self.words(due.union(others))

    def forget(self) -> None:
        """A call failed, or the store is another: which TTLs are fresh is not known."""
        self._fresh.clear()


class _Words(dict[int, W]):
    """Makes the words of a number when they are first asked for."""

    def __init__(self, words_of: Callable[[int], W]) -> None:
        self._words_of = words_of

    def __missing__(self, number: int) -> W:
        words = self[number] = self._words_of(number)
        return words
