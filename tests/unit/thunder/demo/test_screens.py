import io
import json
import re

import pytest
from rich.console import Console

from thunder.client import TimedAnswer
from thunder.demo.event_feed import EventFeed, InputTopic, SocialGraph, Viewer
from thunder.demo.roles import Addresses
from thunder.demo.screens.lines import JsonScreen, PlainScreen
from thunder.demo.screens.screen import Status, TimelineView, status_line
from thunder.demo.screens.terminal import TerminalScreen
from thunder_client.messages import GetInNetworkPostsResponse, LightPost

ADDRESSES = Addresses("127.0.0.1:9", "raw", "refined", "redis://127.0.0.1:6", "127.0.0.1:5", "127.0.0.1:8")


def view(posts: int = 30, name: str = "Ann") -> TimelineView:
    feed = EventFeed(
        input_topic=InputTopic.RAW,
        messages=iter(()),
        viewer=Viewer(7, "Vera", (1, 2), "Vera, who follows 2 people"),
        name_of=lambda _: name,  # pyright: ignore[reportUnknownLambdaType]
        notes=(),
        facts={"format": "synthetic"},
        social_graph=SocialGraph(7, (), {}),
    )
    timeline = [LightPost(post_id=number, author_id=1, created_at=1000 - number) for number in range(1, posts + 1)]
    return TimelineView(
        feed, TimedAnswer(GetInNetworkPostsResponse(posts=timeline), 0.0042), Status(50, 45, 1, 3), 1001.0
    )


class ManualClock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Terminal:
    """A screen whose output can be read."""

    def __init__(self, height: int = 40, width: int = 100) -> None:
        self._output = io.StringIO()
        self.screen = TerminalScreen(Console(file=self._output, force_terminal=True, width=width, height=height))

    def text(self) -> str:
        return self._output.getvalue()


def test_pipe_gets_one_timeline_then_a_line_every_few_seconds() -> None:
    lines: list[str] = []
    clock = ManualClock()
    screen = PlainScreen(lines.append, clock)

    screen.show(view())
    assert lines[1] == "The timeline of Vera, who follows 2 people"
    assert lines[2].split() == ["2", "s", "Ann", "post"]
    assert len(lines) == 24
    assert lines[-2:] == [
        "30 posts, answered in 4.2 ms, the newest is 2.0 s old",
        "events in 50 · posts stored 45 · requests answered 1 · lag 3",
    ]

    clock.seconds = 4.9
    screen.show(view())
    assert len(lines) == 24
    clock.seconds = 5.0
    screen.show(view())
    assert lines[24:] == [f"{lines[23]} · {lines[22]}"]


def test_pipe_gets_progress_of_long_waits_only() -> None:
    lines: list[str] = []
    clock = ManualClock()
    screen = PlainScreen(lines.append, clock)

    for clock.seconds in (0.0, 1.0, 2.0, 7.0, 8.0):
        screen.progress(f"starting at {clock.seconds:.0f}")

    assert lines == ["starting at 0", "starting at 7"]


def test_json_is_one_object_per_answer_without_notes() -> None:
    objects: list[str] = []
    notes: list[str] = []
    screen = JsonScreen(objects.append, notes.append)

    screen.note("hello")
    screen.progress("starting")
    screen.show(view(posts=1))

    assert notes == ["hello"]
    assert [json.loads(line) for line in objects] == [
        {
            "viewer": {"user_id": 7, "name": "Vera", "following": [1, 2]},
            "posts": [{"post_id": 1, "author_id": 1, "created_at": 999, "kind": "post", "author": "Ann", "age_s": 2.0}],
            "partial": False,
            "took_ms": 4.2,
            "newest_age_s": 2.0,
            "counts": {"events_in": 50, "posts_stored": 45, "requests_answered": 1, "lag": 3},
            "source": {"format": "synthetic"},
        }
    ]


def test_json_addresses_are_one_object() -> None:
    objects: list[str] = []

    JsonScreen(objects.append, objects.append).ready(ADDRESSES)

    assert [json.loads(line) for line in objects] == [
        {
            "kafka": "127.0.0.1:9",
            "topic_raw": "raw",
            "topic_refined": "refined",
            "redis": "redis://127.0.0.1:6",
            "grpc": "127.0.0.1:5",
            "http": "127.0.0.1:8",
            "page": "http://127.0.0.1:8/",
        }
    ]


def test_terminal_shows_timeline_and_status() -> None:
    terminal = Terminal()

    terminal.screen.note("[bold]hello")
    terminal.screen.show(view())
    terminal.screen.close()

    shown = terminal.text()
    for expected in ("[bold]hello", "Vera, who follows 2 people", "Ann", "answered in 4.2 ms", "lag 3"):
        assert expected in shown


def test_terminal_shows_progress() -> None:
    terminal = Terminal()

    terminal.screen.progress("starting: serve")
    terminal.screen.close()

    assert "starting: serve" in terminal.text()


@pytest.mark.parametrize(("height", "rows"), [(40, 20), (20, 9), (5, 5)])
def test_small_terminal_gets_a_short_timeline(height: int, rows: int) -> None:
    terminal = Terminal(height)

    terminal.screen.show(view())
    terminal.screen.close()

    assert min(rows, height) >= last_picture(terminal).count("Ann") > 0


def last_picture(terminal: Terminal) -> str:
    return terminal.text().rpartition("The timeline")[2]


def visible(text: str) -> str:
    """The text without the codes that move the cursor and set colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_narrow_terminal_cuts_no_number(width: int) -> None:
    terminal = Terminal(height=40, width=width)
    many = Status(1_234_567, 1_234_568, 1_234_569, 1_234_570)

    terminal.screen.progress(status_line(many))
    terminal.screen.show(view(name="A name that is quite long")._replace(status=many, now=2_000_000.0))
    terminal.screen.close()

    shown = visible(last_picture(terminal))
    numbers = (
        "1,234,567",
        "1,234,568",
        "1,234,569",
        "1,234,570",
        "answered in 4.2 ms",
        "the newest is 23 d old",
        "23 d ",
    )
    words = " ".join(shown.split())
    assert [number for number in numbers if number not in words] == []
    assert all(len(line) <= width for line in shown.splitlines())


def test_markup_in_names_is_shown_verbatim() -> None:
    terminal = Terminal()

    terminal.screen.show(view(name="[red]Ann[/nonsense]"))
    terminal.screen.close()

    assert "[red]Ann[/nonsense]" in terminal.text()


def test_old_timeline_is_not_measured_in_seconds() -> None:
    lines: list[str] = []

    PlainScreen(lines.append, ManualClock()).show(view()._replace(now=9_000.0))

    assert any(line.endswith("the newest is 2 h old") for line in lines)


@pytest.mark.parametrize("posts", [0, 1])
def test_empty_timeline_says_so(posts: int) -> None:
    lines: list[str] = []

    PlainScreen(lines.append, ManualClock()).show(view(posts))

    assert any("no posts yet" in line for line in lines) is (posts == 0)


def test_addresses_are_shown_to_people() -> None:
    lines: list[str] = []
    terminal = Terminal()

    PlainScreen(lines.append, ManualClock()).ready(ADDRESSES)
    terminal.screen.ready(ADDRESSES)
    terminal.screen.close()

    for value in ADDRESSES:
        assert any(line.endswith(value) for line in lines)
        assert value in terminal.text()
