"""The made-up network of the demo: people with names, and hours of their life up to now and on. Pure."""

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ingest.events import Follow
from ingest.sources.synthetic.event_times import event_times
from ingest.sources.synthetic.network import Habits, TimedEvent, follows, generate_ids, life
from thunder.demo.synthetic.names import distinct_names

PEOPLE = 300
FOLLOWS = 40
BACKLOG_EVENTS = 6000
BACKLOG_SECONDS = 6 * 3600
LIVE_EVENTS_PER_SECOND = 25.0

_LIVELY_SECONDS = 60
_EASY_SECONDS = BACKLOG_SECONDS - _LIVELY_SECONDS
_EASY_EVENTS_PER_SECOND = (BACKLOG_EVENTS - _LIVELY_SECONDS * LIVE_EVENTS_PER_SECOND) / _EASY_SECONDS


class People(NamedTuple):
    """Names by author id, the loudest first. The viewer is the quietest and follows some of the others."""

    names: Mapping[int, str]
    viewer_id: int
    following: tuple[int, ...]


def people(seed: int) -> People:
    """The people of the network of this seed."""
    rng = random.Random(seed)
    ids = generate_ids(PEOPLE, rng)
    names = dict(zip(ids, distinct_names(PEOPLE, rng), strict=True))
    *others, viewer_id = ids
    return People(names, viewer_id, tuple(rng.sample(others, FOLLOWS)))


def follows_of_others(people: People, seed: int, now: float) -> Iterator[Follow]:
    """Whom everybody but the viewer follows."""
    return follows(tuple(people.names), FOLLOWS, random.Random(seed + 2), int(now))


def events(people: People, seed: int, now: float) -> Iterator[TimedEvent]:
    """Some hours at an easy pace, then from a minute before now on and on at a lively one."""
    rng = random.Random(seed + 1)
    return life(tuple(people.names), Habits(), rng, event_times(now - BACKLOG_SECONDS, _rate_at, rng))


def _rate_at(elapsed: float) -> float:
    return _EASY_EVENTS_PER_SECOND if elapsed < _EASY_SECONDS else LIVE_EVENTS_PER_SECOND
