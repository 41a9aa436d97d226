"""Counts of the messages of a source by disposition and label. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.rates import Throughput

QUEUE_FULL = "queue_full"
"""Reason for dropping an event when the queue is full and --when-full is drop."""
_SEPARATOR = ":"


class Counts(NamedTuple):
    """Numbers of messages. received is the sum of sent, ignored and dropped, which are by label.

    produced: acknowledged by Kafka; failed: not delivered. The rest of what was sent is in flight.
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
    """State of a source at one moment. queued: events that wait or are in flight to Kafka."""

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
    """Inverse of as_fields; missing counts are 0."""
    whole = {name: fields.get(name, 0) for name in ("received", "produced", "failed", "bad_dates", "reconnects")}
    by_disposition: dict[Disposition, dict[str, int]] = {disposition: {} for disposition in Disposition}
    for name, count in fields.items():
        disposition, separator, label = name.partition(_SEPARATOR)
        if separator:
            by_disposition[Disposition(disposition)][label] = count
    return Counts(
        **whole,
        sent=by_disposition[Disposition.SENT],
        ignored=by_disposition[Disposition.IGNORED],
        dropped=by_disposition[Disposition.DROPPED],
    )


class MessageCounts:
    """Counts messages by disposition and label. For one thread."""

    def __init__(self) -> None:
        self.received = 0
        self.bad_dates = 0
        self._by_disposition = {disposition: Counter[str]() for disposition in Disposition}

    def add(self, parsed: ParsedMessage) -> None:
        """Count a message that was queued, ignored or dropped."""
        self._count(parsed.disposition, parsed.label)
        self.bad_dates += parsed.has_bad_date

    def dropped_when_full(self) -> None:
        """Count a message for which the queue had no room."""
        self._count(Disposition.DROPPED, QUEUE_FULL)

    def of(self, disposition: Disposition) -> Mapping[str, int]:
        """A copy of the counts, by label."""
        return {str(label): count for label, count in self._by_disposition[disposition].items()}

    def _count(self, disposition: Disposition, label: str) -> None:
        self.received += 1
        self._by_disposition[disposition][label] += 1
