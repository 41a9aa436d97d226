"""A generated network as a source, in real time or as fast as possible."""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, repeat

from ingest.events import Event, Follow
from ingest.sources.catalogue import OpenedSource, labels_of
from ingest.sources.message import ParsedMessage, SentKind, sent_message
from ingest.sources.synthetic import NetworkSettings, SyntheticSettings
from ingest.sources.synthetic.network import EventRate, Habits, event_times, follows, generate_ids, life

_log = logging.getLogger("thunder.source")

_SHOWN_PEOPLE = 3

_LONGEST_WAIT_SECONDS = 0.1
"""Interval between checks of should_stop."""


def open_synthetic(settings: SyntheticSettings) -> OpenedSource:
    """A generated network, from its beginning."""
    has_follows = settings.follows_per_person > 0
    return OpenedSource(SyntheticSource(settings), labels_of(SentKind), has_follows=has_follows)


class SyntheticSource:
    """Yields the follows, then the backlog at once, then live events at the rate of the settings."""

    name = "synthetic"
    reconnects = 0
    first_position = ""

    def __init__(
        self,
        settings: NetworkSettings,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """clock: Unix seconds; wait: takes seconds."""
        self.expected = settings.count or None
        self._settings = settings
        self._clock = clock
        self._wait = wait

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield events from the beginning: there is no position to resume from."""
        for at, event in islice(self._events(self._clock()), self.expected):
            if not self._wait_until(at, should_stop):
                return
            yield sent_message(event)

    def _events(self, now: float) -> Iterator[tuple[float, Event | Follow]]:
        settings, rng = self._settings, random.Random(self._settings.seed)
        people = generate_ids(settings.authors, rng)
        habits = Habits(
            settings.reply_share,
            settings.repost_share,
            settings.video_share,
            settings.delete_share,
            settings.author_skew,
            settings.thread_depth,
        )
        start = now - settings.backlog_seconds
        _log.info("%s", _advice(people, has_follows=settings.follows_per_person > 0))
        return chain(
            ((start, follow) for follow in follows(people, settings.follows_per_person, rng, int(start))),
            life(people, habits, rng, self._times(start, rng)),
        )

    def _times(self, start: float, rng: random.Random) -> Iterator[float]:
        settings = self._settings
        if settings.rate == 0:
            return (clock() for clock in repeat(self._clock))
        pace = EventRate(settings.rate, settings.burst_factor, settings.burst_seconds, settings.burst_period_seconds)
        return event_times(start, pace.rate_at, rng)

    def _wait_until(self, at: float, should_stop: Callable[[], bool]) -> bool:
        """Whether should_stop did not come first."""
        while not should_stop():
            remaining = at - self._clock()
            if remaining <= 0:
                return True
            self._wait(min(remaining, _LONGEST_WAIT_SECONDS))
        return False


def _advice(people: Sequence[int], *, has_follows: bool) -> str:
    """Ids that one can ask for."""
    authors = ",".join(map(str, people[:_SHOWN_PEOPLE]))
    viewer = f", or with --user {people[0]} where the server has a follow store" if has_follows else ""
    return f"Generated network of {len(people)} people: ask for posts by thunder query --following {authors}{viewer}"
