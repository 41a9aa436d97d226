"""Generates a social network: ids, follows, posts and deletes, and their times, all from the seed. Pure."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple

from common.post import LightPost
from ingest.events import Follow, PostDelete

_OWN_THREAD = 0.25  # share of the replies that continue the author's own thread
_REMEMBERED = 400  # posts that can still be replied to, reposted or deleted
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_SEQUENCE_BITS = 22
_LOOK_SECONDS = 1.0
"""Interval at which the rate may change."""


class Habits(NamedTuple):
    """Shares of all events, from 0 to 1, and the shape of the network; the remaining events are plain posts.

    skew: Zipf exponent of posts per author, 0 = all authors post equally often.
    thread_depth: replies between the deepest reply of a thread and its root, itself included.
    """

    replies: float = 0.30
    reposts: float = 0.14
    videos: float = 0.09
    deletes: float = 0.03
    skew: float = 0.9
    thread_depth: int = 100


class TimedEvent(NamedTuple):
    """An event and its time, in Unix seconds."""

    at: float
    event: LightPost | PostDelete


class _RecentPost(NamedTuple):
    """A post that may be replied to, and its depth in the thread."""

    post: LightPost
    depth: int


def generate_ids(count: int, rng: random.Random) -> list[int]:
    """Ids of that many people, the most active first; 18 or 19 digits."""
    return rng.sample(range(10**17, 2 * 10**18), count)


def follows(people: Sequence[int], each: int, rng: random.Random, at: int) -> Iterator[Follow]:
    """Yield follows of that many others by each, or of all others when there are fewer, at that time (Unix seconds)."""
    for viewer in people:
        others = rng.sample(people, min(each + 1, len(people)))
        for target in islice((other for other in others if other != viewer), each):
            yield Follow(viewer, target, 0, at)


def life(people: Sequence[int], habits: Habits, rng: random.Random, times: Iterable[float]) -> Iterator[TimedEvent]:
    """Yield an event for each of these times, in Unix seconds and ascending. people: the most active first."""
    network = _Life(rng, people, habits)
    for at in times:
        yield TimedEvent(at, network.next_event(at))


class _Life:
    """Remembers the latest posts, to which the next events refer."""

    def __init__(self, rng: random.Random, people: Sequence[int], habits: Habits) -> None:
        self._rng = rng
        self._people = people
        self._habits = habits
        self._activity = list(accumulate(1 / rank**habits.skew for rank in range(1, len(people) + 1)))
        shares = {kind: getattr(habits, kind) for kind in ("replies", "reposts", "videos", "deletes")}
        self._kinds = ("posts", *shares)
        self._likelihood = list(accumulate((1 - sum(shares.values()), *shares.values())))
        self._recent: deque[_RecentPost] = deque(maxlen=_REMEMBERED)  # the newest first; no reposts, nothing deleted
        self._written = 0

    def next_event(self, at: float) -> LightPost | PostDelete:
        kind = self._rng.choices(self._kinds, cum_weights=self._likelihood)[0] if self._recent else "posts"
        if kind == "deletes":
            return self._deletion(at)
        fresh = LightPost(self._next_id(at), self._author(), int(at))
        if kind == "reposts":
            source = self._recent[self._recent_index()].post
            return fresh._replace(is_retweet=True, source_post_id=source.post_id, source_user_id=source.author_id)
        post = self._reply(fresh) if kind == "replies" else None
        post = post or _RecentPost(fresh._replace(has_video=kind == "videos", conversation_id=fresh.post_id), depth=0)
        self._recent.appendleft(post)
        return post.post

    def _reply(self, fresh: LightPost) -> _RecentPost | None:
        """A reply to a recent post whose thread is not too deep yet; None when there is none."""
        candidates = islice(self._recent, self._recent_index(), None)
        parent, depth = next((recent for recent in candidates if recent.depth < self._habits.thread_depth), (None, 0))
        if parent is None:
            return None
        continues = self._rng.random() < _OWN_THREAD
        reply = fresh._replace(
            author_id=parent.author_id if continues else fresh.author_id,
            in_reply_to_post_id=parent.post_id,
            in_reply_to_user_id=parent.author_id,
            is_reply=True,
            conversation_id=parent.conversation_id,
        )
        return _RecentPost(reply, depth + 1)

    def _deletion(self, at: float) -> PostDelete:
        number = self._recent_index()
        deleted = self._recent[number].post
        del self._recent[number]
        return PostDelete(deleted.post_id, int(at))

    def _author(self) -> int:
        return self._rng.choices(self._people, cum_weights=self._activity)[0]

    def _recent_index(self) -> int:
        """Index of a recent post; the newer, the likelier."""
        return int(len(self._recent) * self._rng.random() ** 3)

    def _next_id(self, at: float) -> int:
        """A snowflake: milliseconds, then a sequence."""
        self._written += 1
        return (int(at * 1000) - _SNOWFLAKE_EPOCH_MS << _SEQUENCE_BITS) + self._written % (1 << _SEQUENCE_BITS)


class EventRate(NamedTuple):
    """Average events per second, above 0; multiplied by the factor in the first burst_seconds of each burst_period."""

    rate: float
    burst_factor: float = 1.0
    burst_seconds: float = 0.0
    burst_period: float = 60.0

    def rate_at(self, elapsed: float) -> float:
        """Events per second at this number of seconds after the start."""
        in_burst = elapsed % self.burst_period < self.burst_seconds
        return self.rate * self.burst_factor if in_burst else self.rate


def event_times(start: float, rate_at: Callable[[float], float], rng: random.Random) -> Iterator[float]:
    """Yield random times after start, endlessly. rate_at: average events per second at a time after start."""
    at = start
    while True:
        while (wait := rng.expovariate(rate_at(at - start))) > _LOOK_SECONDS:
            at += _LOOK_SECONDS  # the exponential distribution has no memory
        at += wait
        yield at
