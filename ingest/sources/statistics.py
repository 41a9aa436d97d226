"""What a source has received and what became of it, as counts. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.rates import Throughput

QUEUE_FULL = "queue_full"
"""Why an event is dropped that Kafka takes too slowly, when the settings say so."""
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


class Statistics(NamedTuple):
    """How a source does at one moment. queued: events that wait, or are on their way to Kafka."""

    counts: Counts
    queued: int
    pace: Throughput


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
    by_fate: dict[Disposition, dict[str, int]] = {fate: {} for fate in Disposition}
    for name, count in fields.items():
        fate, separator, label = name.partition(_SEPARATOR)
        if separator:
            by_fate[Disposition(fate)][label] = count
    return Counts(
        **whole,
        sent=by_fate[Disposition.SENT],
        ignored=by_fate[Disposition.IGNORED],
        dropped=by_fate[Disposition.DROPPED],
    )


class MessageCounts:
    """Counts messages of a source by what became of them."""

    def __init__(self) -> None:
        self.received = 0
        self.bad_dates = 0
        self._by_fate = {fate: Counter[str]() for fate in Disposition}

    def heard(self, heard: ParsedMessage) -> None:
        """A message has come to its end here: it is queued, ignored or dropped."""
        self._count(heard.fate, heard.label)
        self.bad_dates += heard.has_bad_date

    def dropped_when_full(self) -> None:
        """A message should have been sent, and the queue had no room for it."""
        self._count(Disposition.DROPPED, QUEUE_FULL)

    def of(self, fate: Disposition) -> Mapping[str, int]:
        """A copy of the counts, by label."""
        return {str(label): count for label, count in self._by_fate[fate].items()}

    def _count(self, fate: Disposition, label: str) -> None:
        self.received += 1
        self._by_fate[fate][label] += 1
