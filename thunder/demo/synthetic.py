"""A network that never was but looks like one: few are loud and most are quiet, people talk in threads, pass on what
others wrote, show videos and change their minds. Everything follows from the seed and the time. Pure.
"""

import random
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from common.post import LightPost
from ingest.events import PostDelete
from thunder.demo.names import distinct_names

PEOPLE = 300
FOLLOWS = 40
BACKLOG_EVENTS = 6000
BACKLOG_SECONDS = 6 * 3600
LIVE_EVENTS_PER_SECOND = 25.0

_LIVELY_SECONDS = 60
_EASY_EVENTS_PER_SECOND = (BACKLOG_EVENTS - _LIVELY_SECONDS * LIVE_EVENTS_PER_SECOND) / (
    BACKLOG_SECONDS - _LIVELY_SECONDS
)
_ZIPF_EXPONENT = 0.9
_KINDS = {"post": 44, "reply": 30, "repost": 14, "video": 9, "delete": 3}  # in percent
_OWN_THREAD = 0.25  # share of the replies that go on with a thread of one's own
_REMEMBERED = 400  # posts that people still answer, pass on or regret
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_SEQUENCE_BITS = 22


class People(NamedTuple):
    """Names by author id, the loudest first. The viewer is the quietest and follows some of the others."""

    names: Mapping[int, str]
    viewer_id: int
    following: tuple[int, ...]


class TimedEvent(NamedTuple):
    """An event and when it happens, in Unix seconds."""

    at: float
    event: LightPost | PostDelete


def people(seed: int) -> People:
    """The people of the network of this seed."""
    rng = random.Random(seed)
    ids = rng.sample(range(10**17, 2 * 10**18), PEOPLE)
    names = dict(zip(ids, distinct_names(PEOPLE, rng), strict=True))
    *others, viewer_id = ids
    return People(names, viewer_id, tuple(rng.sample(others, FOLLOWS)))


def events(people: People, seed: int, now: float) -> Iterator[TimedEvent]:
    """Some hours at an easy pace, then from a minute before now on and on at a lively one."""
    rng = random.Random(seed + 1)
    life = _Life(rng, tuple(people.names))
    for at in _times(rng, now):
        yield TimedEvent(at, life.next_event(at))


def _times(rng: random.Random, now: float) -> Iterator[float]:
    at, lively_from = now - BACKLOG_SECONDS, now - _LIVELY_SECONDS
    while (at := at + rng.expovariate(_EASY_EVENTS_PER_SECOND)) < lively_from:
        yield at
    at = lively_from
    while True:
        at += rng.expovariate(LIVE_EVENTS_PER_SECOND)
        yield at


class _Life:
    """What was said lately, from which follows what is said next."""

    def __init__(self, rng: random.Random, author_ids: tuple[int, ...]) -> None:
        self._rng = rng
        self._author_ids = author_ids
        self._loudness = list(accumulate(_zipf(len(author_ids))))
        self._recent: deque[LightPost] = deque(maxlen=_REMEMBERED)  # the newest first; no reposts, nothing deleted
        self._written = 0

    def next_event(self, at: float) -> LightPost | PostDelete:
        kind = self._rng.choices(tuple(_KINDS), tuple(_KINDS.values()))[0] if self._recent else "post"
        if kind == "delete":
            return self._deletion(at)
        post = self._post(kind, at)
        if not post.is_retweet:
            self._recent.appendleft(post)
        return post

    def _post(self, kind: str, at: float) -> LightPost:
        fresh = LightPost(self._next_id(at), self._author(), int(at))
        match kind:
            case "reply":
                return self._reply(fresh, self._recent[self._somewhere_recent()])
            case "repost":
                source = self._recent[self._somewhere_recent()]
                return fresh._replace(is_retweet=True, source_post_id=source.post_id, source_user_id=source.author_id)
            case _:
                return fresh._replace(has_video=kind == "video", conversation_id=fresh.post_id)

    def _reply(self, fresh: LightPost, parent: LightPost) -> LightPost:
        goes_on = self._rng.random() < _OWN_THREAD
        return fresh._replace(
            author_id=parent.author_id if goes_on else fresh.author_id,
            in_reply_to_post_id=parent.post_id,
            in_reply_to_user_id=parent.author_id,
            is_reply=True,
            conversation_id=parent.conversation_id,
        )

    def _deletion(self, at: float) -> PostDelete:
        number = self._somewhere_recent()
        regretted = self._recent[number]
        del self._recent[number]
        return PostDelete(regretted.post_id, int(at))

    def _author(self) -> int:
        return self._rng.choices(self._author_ids, cum_weights=self._loudness)[0]

    def _somewhere_recent(self) -> int:
        """The newer a post, the likelier it is talked about."""
        return int(len(self._recent) * self._rng.random() ** 3)

    def _next_id(self, at: float) -> int:
        """A snowflake: milliseconds, then a sequence."""
        self._written += 1
        return (int(at * 1000) - _SNOWFLAKE_EPOCH_MS << _SEQUENCE_BITS) + self._written % (1 << _SEQUENCE_BITS)


def _zipf(count: int) -> list[float]:
    return [1 / rank**_ZIPF_EXPONENT for rank in range(1, count + 1)]
