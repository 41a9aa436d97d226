"""A made-up network as a source: it says what happens when it happens."""

import random
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat

from common.source_settings import NetworkSettings
from ingest.events import Event, Follow
from ingest.sources.sent_kind import sent
from ingest.sources.source import Heard
from ingest.sources.synthetic.network import Habits, distinct_ids, follows, life
from ingest.sources.synthetic.pace import Pace, times

_LONGEST_WAIT_SECONDS = 0.1
"""How soon it notices that it is to stop."""


class SyntheticSource:
    """Who follows whom first, then the backlog at once, then live at the pace of the settings."""

    name = "synthetic"
    reconnects = 0

    def __init__(
        self,
        settings: NetworkSettings,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """clock: Unix seconds; wait: for so many seconds."""
        self.expected = settings.count or None
        self._settings = settings
        self._clock = clock
        self._wait = wait

    def listen(self, position: str, told_to_stop: Callable[[], bool]) -> Iterator[Heard]:
        """See Source. The story begins anew each time: there is no position to resume from."""
        for at, event in islice(self._story(self._clock()), self.expected):
            if not self._wait_until(at, told_to_stop):
                return
            yield sent(event)

    def _story(self, now: float) -> Iterator[tuple[float, Event | Follow]]:
        settings, rng = self._settings, random.Random(self._settings.seed)
        people = distinct_ids(settings.authors, rng)
        habits = Habits(
            settings.reply_share,
            settings.repost_share,
            settings.video_share,
            settings.delete_share,
            settings.author_skew,
            settings.thread_depth,
        )
        start = now - settings.backlog_seconds
        return chain(
            ((start, follow) for follow in follows(people, settings.follows_per_person, rng, int(start))),
            life(people, habits, rng, self._times(start, rng)),
        )

    def _times(self, start: float, rng: random.Random) -> Iterator[float]:
        settings = self._settings
        if settings.rate == 0:
            return (clock() for clock in repeat(self._clock))
        pace = Pace(settings.rate, settings.burst_factor, settings.burst_seconds, settings.burst_period_seconds)
        return times(start, pace.rate_at, rng)

    def _wait_until(self, at: float, told_to_stop: Callable[[], bool]) -> bool:
        """Whether it was not told to stop before."""
        while not told_to_stop():
            remaining = at - self._clock()
            if remaining <= 0:
                return True
            self._wait(min(remaining, _LONGEST_WAIT_SECONDS))
        return False
