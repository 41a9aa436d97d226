"""What Kafka acknowledged: things that are made, shown in one panel each, and perhaps removed."""

import math
import time
from collections import defaultdict
from collections.abc import Iterator

NEVER = math.inf


class Thing:
    """A post, or another thing that events make and remove. Times in seconds of the monotonic clock.

    parent: a thing without which this one is not shown. made: its creation was acknowledged. removal: its removal was
    sent. removed: its removal was acknowledged.
    """

    __slots__ = ("made", "panel", "parent", "removal", "removed", "thing_id")

    def __init__(self, thing_id: int, panel: int, parent: "Thing | None" = None) -> None:
        self.thing_id = thing_id
        self.panel = panel
        self.parent = parent
        self.made = self.removal = self.removed = NEVER

    def may_be_gone(self, at: float) -> bool:
        """Whether an answer that was complete at that time may lack it for a good reason."""
        return self.removal < at or (self.parent is not None and self.parent.may_be_gone(at))

    @property
    def must_be_shown(self) -> bool:
        """Whether it must be shown in the end."""
        return self.made < NEVER and not self.may_be_gone(NEVER)


class Ledger:
    """Written by the thread of the load, read when that has ended. Panel: what is asked for in one request."""

    def __init__(self) -> None:
        self.things: dict[int, Thing] = {}
        self.settled = -NEVER
        """Removals acknowledged until then had been applied: answers were as they must be."""

    def add(self, thing: Thing) -> Thing:
        """Note a thing whose creation is about to be sent."""
        self.things[thing.thing_id] = thing
        return thing

    def note_made(self, thing: Thing) -> None:
        """Its creation is acknowledged."""
        thing.made = time.monotonic()

    def note_removed(self, thing: Thing) -> None:
        """Its removal is acknowledged."""
        thing.removed = time.monotonic()

    def expected(self) -> dict[int, set[int]]:
        """Ids of the things that must be shown in the end, by panel."""
        shown: defaultdict[int, set[int]] = defaultdict(set)
        for thing in self:
            if thing.must_be_shown:
                shown[thing.panel].add(thing.thing_id)
        return dict(shown)

    def by_panel(self) -> dict[int, list[Thing]]:
        """All things, by panel."""
        found: defaultdict[int, list[Thing]] = defaultdict(list)
        for thing in self:
            found[thing.panel].append(thing)
        return dict(found)

    def __iter__(self) -> Iterator[Thing]:
        return iter(self.things.values())
