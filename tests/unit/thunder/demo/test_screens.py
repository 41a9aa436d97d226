import io
import json

import pytest
from rich.console import Console

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse, LightPost
from thunder.client import TimedAnswer
from thunder.demo.event_feed import Entrance, Feed, SocialGraph, Viewer
from thunder.demo.roles import Addresses
from thunder.demo.screens.json_lines import JsonScreen
from thunder.demo.screens.plain import PlainScreen
from thunder.demo.screens.screen import Status, View
from thunder.demo.screens.terminal import TerminalScreen

ADDRESSES = Addresses("127.0.0.1:9", "raw", "refined", "redis://127.0.0.1:6", "127.0.0.1:5", "127.0.0.1:8")


def view(posts: int = 30, name: str = "Ann") -> View:
    feed = Feed(
        entrance=Entrance.RAW,
        messages=iter(()),
        viewer=Viewer(7, "Vera", (1, 2), "Vera, who follows 2 people"),
        name_of=lambda _: name,  # pyright: ignore[reportUnknownLambdaType]
        notes=(),
        facts={"format": "synthetic"},
        society=SocialGraph(7, (), {}),
    )
    timeline = [LightPost(post_id=number, author_id=1, created_at=1000 - number) for number in range(1, posts + 1)]
    return View(feed, TimedAnswer(GetInNetworkPostsResponse(posts=timeline), 0.0042), Status(50, 45, 1, 3), 1001.0)


class Watch:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Terminal:
    """A screen whose output can be read."""

    def __init__(self, height: int = 40) -> None:
        self._output = io.StringIO()
        self.screen = TerminalScreen(Console(file=self._output, force_terminal=True, width=100, height=height))

    def text(self) -> str:
        return self._output.getvalue()


def test_a_pipe_gets_one_timeline_and_then_a_line_now_and_then() -> None:
    lines: list[str] = []
    watch = Watch()
    screen = PlainScreen(lines.append, watch)

    screen.show(view())
    assert lines[1] == "The timeline of Vera, who follows 2 people"
    assert lines[2].split() == ["2", "s", "Ann", "post"]
    assert len(lines) == 24
    assert lines[-2:] == [
        "30 posts, answered in 4.2 ms, the newest is 2.0 s old",
        "events in 50 · posts stored 45 · requests answered 1 · lag 3",
    ]

    watch.seconds = 4.9
    screen.show(view())
    assert len(lines) == 24
    watch.seconds = 5.0
    screen.show(view())
    assert lines[24:] == [f"{lines[23]} · {lines[22]}"]


def test_a_pipe_hears_of_a_long_wait_but_not_of_a_short_one() -> None:
    lines: list[str] = []
    watch = Watch()
    screen = PlainScreen(lines.append, watch)

    for watch.seconds in (0.0, 1.0, 2.0, 7.0, 8.0):
        screen.wait(f"starting at {watch.seconds:.0f}")

    assert lines == ["starting at 0", "starting at 7"]


def test_a_program_gets_one_object_per_answer_and_people_get_their_remarks_elsewhere() -> None:
    objects: list[str] = []
    remarks: list[str] = []
    screen = JsonScreen(objects.append, remarks.append)

    screen.say("hello")
    screen.wait("starting")
    screen.show(view(posts=1))

    assert remarks == ["hello"]
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


def test_a_program_gets_the_addresses_as_one_object() -> None:
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


def test_a_terminal_shows_the_timeline_with_a_status_line() -> None:
    terminal = Terminal()

    terminal.screen.say("[bold]hello")
    terminal.screen.show(view())
    terminal.screen.close()

    shown = terminal.text()
    for expected in ("[bold]hello", "Vera, who follows 2 people", "Ann", "answered in 4.2 ms", "lag 3"):
        assert expected in shown


def test_a_terminal_shows_what_it_waits_for() -> None:
    terminal = Terminal()

    terminal.screen.wait("starting: serve")
    terminal.screen.close()

    assert "starting: serve" in terminal.text()


@pytest.mark.parametrize(("height", "rows"), [(40, 20), (20, 9), (5, 5)])
def test_a_small_terminal_gets_a_short_timeline(height: int, rows: int) -> None:
    terminal = Terminal(height)

    terminal.screen.show(view())
    terminal.screen.close()

    last_picture = terminal.text().rpartition("timeline of")[2]
    assert min(rows, height) >= last_picture.count("Ann") > 0


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    terminal = Terminal()

    terminal.screen.show(view(name="[red]Ann[/nonsense]"))
    terminal.screen.close()

    assert "[red]Ann[/nonsense]" in terminal.text()


def test_an_old_timeline_is_not_measured_in_seconds() -> None:
    lines: list[str] = []

    PlainScreen(lines.append, Watch()).show(view()._replace(now=9_000.0))

    assert any(line.endswith("the newest is 2 h old") for line in lines)


@pytest.mark.parametrize("posts", [0, 1])
def test_an_empty_timeline_says_so(posts: int) -> None:
    lines: list[str] = []

    PlainScreen(lines.append, Watch()).show(view(posts))

    assert any("no posts yet" in line for line in lines) is (posts == 0)


def test_where_everything_is_is_told_to_people_too() -> None:
    lines: list[str] = []
    terminal = Terminal()

    PlainScreen(lines.append, Watch()).ready(ADDRESSES)
    terminal.screen.ready(ADDRESSES)
    terminal.screen.close()

    for value in ADDRESSES:
        assert any(line.endswith(value) for line in lines)
        assert value in terminal.text()
