"""What the people of a made-up network write and regret. Everything follows from the seed and the times. Pure."""

import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple

from common.post import LightPost
from ingest.events import Follow, PostDelete

_OWN_THREAD = 0.25  # share of the replies that go on with a thread of one's own
_REMEMBERED = 400  # posts that people still answer, pass on or regret
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_SEQUENCE_BITS = 22


class Habits(NamedTuple):
    """How people behave. The shares are of all that happens, from 0 to 1; what they leave are plain posts.

    skew: exponent of the Zipf distribution of who writes, 0 = everybody as much as everybody else.
    thread_depth: replies between the deepest reply of a thread and its root, itself included.
    """

    replies: float = 0.30
    reposts: float = 0.14
    videos: float = 0.09
    deletes: float = 0.03
    skew: float = 0.9
    thread_depth: int = 100


class TimedEvent(NamedTuple):
    """An event and when it happens, in Unix seconds."""

    at: float
    event: LightPost | PostDelete


class _Said(NamedTuple):
    """A post that may be answered, and how many replies led to it."""

    post: LightPost
    depth: int


def generate_ids(count: int, rng: random.Random) -> list[int]:
    """That many ids of people, the loudest first; 18 or 19 digits."""
    return rng.sample(range(10**17, 2 * 10**18), count)


def follows(people: Sequence[int], each: int, rng: random.Random, at: int) -> Iterator[Follow]:
    """Everybody follows that many others, or all others when there are fewer, from that time on (Unix seconds)."""
    for viewer in people:
        others = rng.sample(people, min(each + 1, len(people)))
        for target in islice((other for other in others if other != viewer), each):
            yield Follow(viewer, target, 0, at)


def life(people: Sequence[int], habits: Habits, rng: random.Random, times: Iterable[float]) -> Iterator[TimedEvent]:
    """What happens at these times, in Unix seconds and in order. people: the loudest first."""
    network = _Life(rng, people, habits)
    for at in times:
        yield TimedEvent(at, network.next_event(at))


class _Life:
    """What was said lately, from which follows what is said next."""

    def __init__(self, rng: random.Random, people: Sequence[int], habits: Habits) -> None:
        self._rng = rng
        self._people = people
        self._habits = habits
        self._loudness = list(accumulate(1 / rank**habits.skew for rank in range(1, len(people) + 1)))
        shares = {kind: getattr(habits, kind) for kind in ("replies", "reposts", "videos", "deletes")}
        self._kinds = ("posts", *shares)
        self._likelihood = list(accumulate((1 - sum(shares.values()), *shares.values())))
        self._recent: deque[_Said] = deque(maxlen=_REMEMBERED)  # the newest first; no reposts, nothing deleted
        self._written = 0

    def next_event(self, at: float) -> LightPost | PostDelete:
        kind = self._rng.choices(self._kinds, cum_weights=self._likelihood)[0] if self._recent else "posts"
        if kind == "deletes":
            return self._deletion(at)
        fresh = LightPost(self._next_id(at), self._author(), int(at))
        if kind == "reposts":
            source = self._recent[self._somewhere_recent()].post
            return fresh._replace(is_retweet=True, source_post_id=source.post_id, source_user_id=source.author_id)
        said = self._reply(fresh) if kind == "replies" else None
        said = said or _Said(fresh._replace(has_video=kind == "videos", conversation_id=fresh.post_id), depth=0)
        self._recent.appendleft(said)
        return said.post

    def _reply(self, fresh: LightPost) -> _Said | None:
        """To something recent whose thread is not too deep yet; None when there is none."""
        candidates = islice(self._recent, self._somewhere_recent(), None)
        parent, depth = next((said for said in candidates if said.depth < self._habits.thread_depth), (None, 0))
        if parent is None:
            return None
        goes_on = self._rng.random() < _OWN_THREAD
        reply = fresh._replace(
            author_id=parent.author_id if goes_on else fresh.author_id,
            in_reply_to_post_id=parent.post_id,
            in_reply_to_user_id=parent.author_id,
            is_reply=True,
            conversation_id=parent.conversation_id,
        )
        return _Said(reply, depth + 1)

    def _deletion(self, at: float) -> PostDelete:
        number = self._somewhere_recent()
        regretted = self._recent[number].post
        del self._recent[number]
        return PostDelete(regretted.post_id, int(at))

    def _author(self) -> int:
        return self._rng.choices(self._people, cum_weights=self._loudness)[0]

    def _somewhere_recent(self) -> int:
        """The newer a post, the likelier it is talked about."""
        return int(len(self._recent) * self._rng.random() ** 3)

    def _next_id(self, at: float) -> int:
        """A snowflake: milliseconds, then a sequence."""
        self._written += 1
        return (int(at * 1000) - _SNOWFLAKE_EPOCH_MS << _SEQUENCE_BITS) + self._written % (1 << _SEQUENCE_BITS)
