"""Imports follows from parsed lines into the store, in batches. A bad line costs itself alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from common.telemetry.logs import one_short_line
from ingest.events import Follow
from ingest.sources.message import ParsedMessage

_BATCH = 2000
_EXAMPLES = 5


@dataclass
class Imported:
    """Counts so far. given_up: follows above the cap of a list. examples: reasons of the first dropped lines."""

    lines: int = 0
    applied: int = 0
    given_up: int = 0
    dropped: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def count(self, one: ParsedMessage) -> None:
        """A line was read; if it is a follow it is not applied yet."""
        self.lines += 1
        if one.event is None:
            self.dropped[one.label] += 1
            if len(self.examples) < _EXAMPLES:
                self.examples.append(one_short_line(one.detail))


def import_follows(
    lines: Iterable[ParsedMessage], write: Callable[[Sequence[Follow]], int], progress: Callable[[Imported], object]
) -> Imported:
    """Write the follow of every line, in order. write returns the number above the cap; progress is called often."""
    imported = Imported()
    waiting = iter(lines)
    while batch := list(islice(waiting, _BATCH)):
        for one in batch:
            imported.count(one)
        follows = [one.event for one in batch if isinstance(one.event, Follow)]
        imported.given_up += write(follows)
        imported.applied += len(follows)
        progress(imported)
    return imported
