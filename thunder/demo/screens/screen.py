"""Progress and answers that a demo shows, and the port through which it shows them. Pure."""

from typing import NamedTuple, Protocol

from thunder.cli.text import in_words
from thunder.cli.timeline_output import newest_age
from thunder.client import TimedAnswer
from thunder.demo.event_feed import EventFeed
from thunder.demo.roles import Addresses


class Status(NamedTuple):
    """Counts so far, and the lag in events."""

    events_in: int
    posts_stored: int
    requests_answered: int
    lag: int


class TimelineView(NamedTuple):
    """One answer for the viewer, at a time in Unix seconds."""

    feed: EventFeed
    answer: TimedAnswer
    status: Status
    now: float


class Screen(Protocol):
    """Shows a demo to a person or a program. None of its methods waits."""

    def note(self, line: str) -> None:
        """Shows a line that stays."""
        ...

    def progress(self, line: str) -> None:
        """Shows what the demo is doing; called often, until there is a timeline to show."""
        ...

    def show(self, view: TimelineView) -> None:
        """Shows the timeline; called once a second from the first answer on."""
        ...

    def ready(self, addresses: Addresses) -> None:
        """Shows where everything runs, of a demo that sends no events."""
        ...

    def close(self) -> None:
        """Ends the output."""
        ...


def status_line(status: Status) -> str:
    """The counts in words."""
    return (
        f"events in {status.events_in:,} · posts stored {status.posts_stored:,} · "
        f"requests answered {status.requests_answered:,} · lag {status.lag:,}"
    )


def title(view: TimelineView) -> str:
    """The viewer of the timeline."""
    return f"The timeline of {view.feed.viewer.description}"


def answer_line(view: TimelineView) -> str:
    """Size, latency and freshness of the answer."""
    age = newest_age(view.answer.response, view.now)
    if age is None:
        return f"no posts yet, answered in {view.answer.seconds * 1000:.1f} ms"
    count = len(view.answer.response.posts)
    newest = f"{age:.1f} s" if age < 60 else in_words(age)
    partial = ", partial: a part of the store is away" if view.answer.response.partial else ""
    return f"{count:,} posts, answered in {view.answer.seconds * 1000:.1f} ms, the newest is {newest} old{partial}"


def address_lines(addresses: Addresses) -> list[str]:
    """A line for each address."""
    places = {**addresses._asdict(), "page": addresses.page}
    return [f"{name.replace('_', ' '):<14}{value}" for name, value in places.items()]
