import random
from collections import Counter
from collections.abc import Iterable
from itertools import count, islice, takewhile

import pytest

from common.post import LightPost
from ingest.events import PostDelete
from ingest.sources.message import sent_kind
from ingest.sources.synthetic.network import EventRate, Habits, event_times, follows, generate_ids, life

START = 1_760_000_000


def people(number: int = 100, seed: int = 1) -> list[int]:
    return generate_ids(number, random.Random(seed))


def events(habits: Habits, number: int, seed: int = 1) -> list[LightPost | PostDelete]:
    times = (float(at) for at in count(START))
    return [timed.event for timed in islice(life(people(), habits, random.Random(seed), times), number)]


def posts(happened: Iterable[LightPost | PostDelete]) -> list[LightPost]:
    return [event for event in happened if isinstance(event, LightPost)]


def test_the_same_seed_and_times_make_the_same_network() -> None:
    assert events(Habits(), 500) == events(Habits(), 500)
    assert events(Habits(), 500) != events(Habits(), 500, seed=2)


@pytest.mark.parametrize(
    ("habits", "expected"),
    [
        (Habits(0, 0, 0, 0), {"post": 1.0}),
        (Habits(replies=0.5, reposts=0.2, videos=0.1, deletes=0.1), {"reply": 0.5, "repost": 0.2, "delete": 0.1}),
        (Habits(replies=0, reposts=0, videos=0.8, deletes=0), {"video": 0.8, "post": 0.2}),
    ],
)
def test_what_happens_is_shared_out_by_habit(habits: Habits, expected: dict[str, float]) -> None:
    kinds = Counter(sent_kind(event) for event in events(habits, 4000))

    assert {kind: kinds[kind] / 4000 for kind in kinds if kind in expected} == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("deepest", [1, 3])
def test_threads_grow_as_deep_as_they_may(deepest: int) -> None:
    depths: dict[int, int] = {}
    for post in posts(events(Habits(replies=0.9, reposts=0, videos=0, deletes=0, thread_depth=deepest), 3000)):
        parent = post.in_reply_to_post_id
        depths[post.post_id] = 0 if parent is None else depths[parent] + 1

    assert max(depths.values()) == deepest


def test_the_skew_decides_how_much_the_loudest_say() -> None:
    def share_of_the_loudest(skew: float) -> float:
        written = Counter(post.author_id for post in posts(events(Habits(0, 0, 0, 0, skew=skew), 5000)))
        assert written.keys() <= set(people())
        return written[people()[0]] / 5000

    assert share_of_the_loudest(0) == pytest.approx(0.01, abs=0.01)
    assert share_of_the_loudest(2) > 0.5


def test_everybody_follows_so_many_others() -> None:
    sent = list(follows(people(20), 5, random.Random(1), START))

    assert Counter(follow.viewer_id for follow in sent) == dict.fromkeys(people(20), 5)
    assert len({(follow.viewer_id, follow.target_id) for follow in sent}) == 100
    assert all(follow.viewer_id != follow.target_id in people(20) for follow in sent)
    assert {(follow.at, follow.follow_id, follow.removed) for follow in sent} == {(START, 0, False)}


@pytest.mark.parametrize(("number", "each"), [(3, 2), (3, 50), (1, 5), (3, 0)])
def test_no_one_follows_more_than_there_are(number: int, each: int) -> None:
    assert len(list(follows(people(number), each, random.Random(1), START))) == number * min(each, number - 1)


def moments(pace: EventRate, seconds: float) -> list[float]:
    return [
        at - START
        for at in takewhile(lambda at: at < START + seconds, event_times(START, pace.rate_at, random.Random(1)))
    ]


def test_things_happen_at_the_rate_on_average_and_in_order() -> None:
    happened = moments(EventRate(20), 500)

    assert len(happened) == pytest.approx(10_000, rel=0.05)
    assert happened == sorted(happened)
    assert happened[0] > 0


def test_a_burst_begins_each_period() -> None:
    happened = moments(EventRate(10, burst_factor=8, burst_seconds=5, burst_period=50), 1000)

    in_bursts = sum(at % 50 < 5 for at in happened)
    assert in_bursts == pytest.approx(20 * 5 * 80, rel=0.1)
    assert len(happened) - in_bursts == pytest.approx(20 * 45 * 10, rel=0.1)


def test_a_burst_is_not_slept_through_at_a_low_rate() -> None:
    happened = moments(EventRate(0.01, burst_factor=1000, burst_seconds=5, burst_period=50), 1000)

    assert len(happened) == pytest.approx(1000, rel=0.25)
