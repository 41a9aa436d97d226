"""The synthetic network of the demo: people with names, their posts of some hours up to now, and live ones. Pure."""

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ingest.events import Follow
from ingest.sources.synthetic.network import Habits, TimedEvent, event_times, follows, generate_ids, life

PEOPLE = 300
FOLLOWS = 40
BACKLOG_EVENTS = 6000
BACKLOG_SECONDS = 6 * 3600
LIVE_EVENTS_PER_SECOND = 25.0

_RECENT_SECONDS = 60
_EARLIER_SECONDS = BACKLOG_SECONDS - _RECENT_SECONDS
_EARLIER_EVENTS_PER_SECOND = (BACKLOG_EVENTS - _RECENT_SECONDS * LIVE_EVENTS_PER_SECOND) / _EARLIER_SECONDS


class People(NamedTuple):
    """Names by author id, the most active first. The viewer is the least active and follows some of the others."""

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
    """The follows of all people but the viewer."""
    return follows(tuple(people.names), FOLLOWS, random.Random(seed + 2), int(now))


def events(people: People, seed: int, now: float) -> Iterator[TimedEvent]:
    """Events of some hours at a low rate, then without end at the live rate, which begins a minute before now."""
    rng = random.Random(seed + 1)
    return life(tuple(people.names), Habits(), rng, event_times(now - BACKLOG_SECONDS, _rate_at, rng))


def _rate_at(elapsed: float) -> float:
    return _EARLIER_EVENTS_PER_SECOND if elapsed < _EARLIER_SECONDS else LIVE_EVENTS_PER_SECOND


_FIRST = (
    "Ada Aiko Amara Anouk Arjun Bao Bea Carlos Chidi Clara Daria Diego Efe Elif Emre Esra Farah Finn Freya Gita Hana "
    "Hugo Ines Ingrid Isak Ivo Jada Jonas Juno Kai Kofi Lars Leila Lena Liam Lucia Mai Malik Mara Mateo Mei Milo Mina "
    "Nadia Nia Nils Noor Olga Omar Oskar Pia Priya Quinn Rafa Rania Rosa Sami Sara Selma Sofia Suki Tariq Theo Tomas "
    "Uma Vera Viktor Wren Yara Yusuf Zadie Zoe"
)
_LAST = (
    "Abara Adeyemi Almeida Andersen Bakker Banerjee Castillo Cho Costa Demir Dubois Eriksen Farouk Fischer Fontaine "
    "Garcia Haddad Hansen Hoang Ito Jansen Kamau Kaya Keller Kim Kovac Larsen Lindqvist Lopez Mahmoud Marino Mensah "
    "Mori Moreau Nakamura Nguyen Novak Nowak Okafor Okoye Olsen Park Patel Pereira Petrov Quist Rahman Reyes Rossi "
    "Santos Sato Schmidt Silva Singh Sousa Suzuki Takeda Tanaka Ueda Vargas Virtanen Wagner Wolf Yamada Yilmaz Zhang"
)


def distinct_names(count: int, rng: random.Random) -> list[str]:
    """Different names, count of them; at most 4,000."""
    first, last = _FIRST.split(), _LAST.split()
    numbers = rng.sample(range(len(first) * len(last)), count)
    return [f"{first[number % len(first)]} {last[number // len(first)]}" for number in numbers]
