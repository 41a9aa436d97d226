"""What a source has said and what became of it, in numbers. Pure."""

from collections import Counter, deque
from collections.abc import Mapping
from typing import NamedTuple

from ingest.sources.source import Fate, Heard

QUEUE_FULL = "queue_full"
"""Why an event is dropped that Kafka takes too slowly, when the settings say so."""

_RECENT_SECONDS = 5.0
_SEPARATOR = ":"


class Counts(NamedTuple):
    """Of messages. received is the sum of sent, ignored and dropped, which are by label.

    produced: acknowledged by Kafka; failed: given up. What is sent and neither of these is still on its way.
    """

    received: int
    produced: int
    failed: int
    bad_dates: int
    reconnects: int
    sent: Mapping[str, int]
    ignored: Mapping[str, int]
    dropped: Mapping[str, int]


class Rates(NamedTuple):
    """Messages per second."""

    received: float
    produced: float


class Pace(NamedTuple):
    """How fast it goes. seconds: since the source was first listened to; recent: over the last few of them."""

    seconds: float
    recent: Rates
    overall: Rates


class Statistics(NamedTuple):
    """How a source does at one moment. queued: events that wait, or are on their way to Kafka."""

    counts: Counts
    queued: int
    pace: Pace


def as_fields(counts: Counts) -> dict[str, int]:
    """The counts by names such as `received` and `sent:post`."""
    fields: dict[str, int] = {}
    for name, value in counts._asdict().items():
        if isinstance(value, int):
            fields[name] = value
        else:
            fields |= {f"{name}{_SEPARATOR}{label}": count for label, count in value.items()}
    return fields


def of_fields(fields: Mapping[str, int]) -> Counts:
    """The counts from which as_fields made these; what is missing is 0."""
    whole = {name: fields.get(name, 0) for name in ("received", "produced", "failed", "bad_dates", "reconnects")}
    by_fate: dict[Fate, dict[str, int]] = {fate: {} for fate in Fate}
    for name, count in fields.items():
        fate, separator, label = name.partition(_SEPARATOR)
        if separator:
            by_fate[Fate(fate)][label] = count
    return Counts(**whole, sent=by_fate[Fate.SENT], ignored=by_fate[Fate.IGNORED], dropped=by_fate[Fate.DROPPED])


class HeardCounts:
    """Counts messages of a source by what became of them."""

    def __init__(self) -> None:
        self.received = 0
        self.bad_dates = 0
        self._by_fate = {fate: Counter[str]() for fate in Fate}

    def heard(self, heard: Heard) -> None:
        """A message has come to its end here: it is queued, ignored or dropped."""
        self._count(heard.fate, heard.label)
        self.bad_dates += heard.has_bad_date

    def dropped_when_full(self) -> None:
        """A message should have been sent, and the queue had no room for it."""
        self._count(Fate.DROPPED, QUEUE_FULL)

    def of(self, fate: Fate) -> Mapping[str, int]:
        """A copy of the counts, by label."""
        return {str(label): count for label, count in self._by_fate[fate].items()}

    def _count(self, fate: Fate, label: str) -> None:
        self.received += 1
        self._by_fate[fate][label] += 1


class _Sample(NamedTuple):
    at: float
    received: int
    produced: int


class RateMeter:
    """Rates from samples, of which it keeps those of the last seconds. at: seconds of a clock that never goes back."""

    def __init__(self, at: float) -> None:
        self._start = _Sample(at, 0, 0)
        self._recent = deque((self._start,))

    def sample(self, at: float, received: int, produced: int) -> Pace:
        """The pace at this moment, when the counts are these."""
        now = _Sample(at, received, produced)
        self._recent.append(now)
        while len(self._recent) > 2 and self._recent[1].at <= at - _RECENT_SECONDS:
            self._recent.popleft()
        return Pace(at - self._start.at, _rates(self._recent[0], now), _rates(self._start, now))


def _rates(since: _Sample, until: _Sample) -> Rates:
    seconds = max(until.at - since.at, 0.001)
    return Rates((until.received - since.received) / seconds, (until.produced - since.produced) / seconds)
