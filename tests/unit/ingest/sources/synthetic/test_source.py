import re
from collections import Counter
from itertools import islice

import pytest

from common.post import LightPost
from ingest.events import Event, Follow
from ingest.sources.synthetic import NetworkSettings
from ingest.sources.synthetic.source import SyntheticSource

NOW = 1_760_000_000.0


class PatientClock:
    """Time that passes only during a wait."""

    def __init__(self) -> None:
        self.now = NOW
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def never() -> bool:
    return False


def events_of(source: SyntheticSource, number: int) -> list[Event | Follow]:
    return [parsed.event for parsed in islice(source.listen("", never), number) if parsed.event]


@pytest.mark.parametrize("each", [0, 2])
def test_ids_that_one_can_ask_for_are_logged(each: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "thunder.source")
    clock = PatientClock()
    settings = NetworkSettings(rate=10, authors=50, follows_per_person=each)
    events = events_of(SyntheticSource(settings, clock, clock.wait), 300)
    authors = {event.author_id for event in events if isinstance(event, LightPost)}
    viewers = {event.viewer_id for event in events if isinstance(event, Follow)}
    (shown,) = re.findall(r"thunder query --following ([\d,]+\d)", caplog.text)
    assert {int(author) for author in shown.split(",")} & authors
    named = {int(viewer) for viewer in re.findall(r"--user (\d+)", caplog.text)}
    assert len(named) == bool(each)
    assert named <= viewers


def test_it_says_what_happens_when_it_happens() -> None:
    clock = PatientClock()
    source = SyntheticSource(NetworkSettings(rate=10), clock, clock.wait)

    for parsed in islice(source.listen("", never), 300):
        assert isinstance(parsed.event, LightPost) or parsed.label == "delete"
        assert getattr(parsed.event, "created_at", int(clock.now)) == int(clock.now)
    assert 20 < clock.now - NOW < 40


def test_the_backlog_comes_at_once_and_then_life_goes_on() -> None:
    clock = PatientClock()
    source = SyntheticSource(NetworkSettings(rate=1, backlog_seconds=600, delete_share=0), clock, clock.wait)
    backlog = events_of(source, 500)

    assert clock.waits == []
    times = [event.created_at for event in backlog if isinstance(event, LightPost)]
    assert NOW - 620 < times[0] < NOW - 580
    assert NOW - 200 < times[-1] < NOW


def test_a_rate_of_zero_never_waits() -> None:
    clock = PatientClock()
    posts = events_of(SyntheticSource(NetworkSettings(rate=0, delete_share=0), clock, clock.wait), 1000)

    assert clock.waits == []
    assert len({post.post_id for post in posts if isinstance(post, LightPost)}) == 1000
    assert all(post.created_at == NOW for post in posts if isinstance(post, LightPost))


def test_follows_are_sent_first_and_count() -> None:
    clock = PatientClock()
    settings = NetworkSettings(rate=0, authors=10, follows_per_person=3, count=50)
    source = SyntheticSource(settings, clock, clock.wait)

    parsed = list(source.listen("", never))

    assert source.expected == len(parsed) == 50
    assert [each.label for each in parsed[:30]] == ["follow"] * 30
    assert Counter(each.label for each in parsed)["follow"] == 30


def test_it_is_endless_unless_it_is_counted() -> None:
    assert SyntheticSource(NetworkSettings()).expected is None


def test_it_stops_soon_while_nothing_happens() -> None:
    clock = PatientClock()
    source = SyntheticSource(NetworkSettings(rate=0.001), clock, clock.wait)

    assert list(source.listen("", lambda: clock.now > NOW + 5)) == []
    assert max(clock.waits) <= 0.1
    assert clock.now < NOW + 5.2
