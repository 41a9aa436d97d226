"""What the ingest workers do together, from their statuses. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from common.store.worker_status import WorkerStatus
from serve.page.rates import Window, rate

_RATE_SECONDS = 5.0


class IngestFigures(NamedTuple):
    """None where nobody knows."""

    workers: int
    events_per_second: float | None
    lag: int | None
    stored_posts: int | None


class IngestBoard:
    """Is shown the statuses of the workers that run, again and again."""

    def __init__(self) -> None:
        self._applied: dict[str, Window[float]] = {}

    def figures(self, statuses: Mapping[str, WorkerStatus]) -> IngestFigures:
        """The figures at these statuses."""
        self._applied = {worker: self._applied.get(worker) or Window(_RATE_SECONDS) for worker in statuses}
        for worker, status in statuses.items():
            self._applied[worker].add(status.at, status.applied)
        rates = [rate_ for totals in self._applied.values() if (rate_ := rate(totals)) is not None]
        lags = [status.lag for status in statuses.values() if status.lag is not None]
        return IngestFigures(
            len(statuses),
            sum(rates) if rates else None,
            sum(lags) if lags else None,
            _newest_estimate(statuses.values()),
        )


def _newest_estimate(statuses: Iterable[WorkerStatus]) -> int | None:
    """Each worker estimates the whole store."""
    known = [status for status in statuses if status.posts is not None]
    return max(known, key=lambda status: status.at).posts if known else None
