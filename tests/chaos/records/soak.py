"""Memory, descriptors and connections of the processes over a run, and how fast they grow."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SHORTEST_SECONDS = 30


class Sample(NamedTuple):
    """At a moment: resident memory in MB, open descriptors, sockets among them."""

    at: float
    rss: float
    descriptors: int
    connections: int


class Growth(NamedTuple):
    """Of the process of a role that lived longest: its last values, and how much more of each an hour brings."""

    role: str
    seconds: float
    last: Sample
    rss_per_hour: float
    descriptors_per_hour: float
    connections_per_hour: float


class Soak:
    """Samples of each process; those of a process that ended stay."""

    def __init__(self) -> None:
        self._samples: defaultdict[tuple[str, int], list[Sample]] = defaultdict(list)

    def look(self, processes: Iterable[tuple[str, int]]) -> None:
        """Take a sample of each: name of its role, id of the process. One that has ended is left out."""
        for role, pid in processes:
            with suppress(OSError, ValueError):
                taken = sample(pid)
                self._samples[role, pid].append(taken)

    def growths(self) -> list[Growth]:
        """One a role, of its process that was watched longest."""
        found: dict[str, Growth] = {}
        for (role, _), samples in self._samples.items():
            seconds = samples[-1].at - samples[0].at
            if role not in found or seconds > found[role].seconds:
                found[role] = growth(role, samples)
        return sorted(found.values())


def sample(pid: int) -> Sample:
    """Of a process now. Raises OSError, ValueError when it has ended."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    names = list(Path(f"/proc/{pid}/fd").iterdir())
    sockets = 0
    for name in names:
        with suppress(OSError):
            sockets += str(name.readlink()).startswith("socket:")
    return Sample(time.monotonic(), pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(names), sockets)


def growth(role: str, samples: Sequence[Sample]) -> Growth:
    """The first quarter is left out: a process that starts grows. Of a short life no slope is given (0)."""
    settled = samples[len(samples) // 4 :]
    seconds = samples[-1].at - samples[0].at
    slopes = [0.0, 0.0, 0.0]
    if seconds >= SHORTEST_SECONDS:
        slopes = [3600 * slope([each.at for each in settled], [each[field] for each in settled]) for field in (1, 2, 3)]
    return Growth(role, seconds, samples[-1], *slopes)


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the line with the least squares; 0 for fewer than two points."""
    if len(xs) < 2:
        return 0.0
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
