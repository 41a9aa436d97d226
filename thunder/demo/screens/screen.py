"""What a demo shows, and the port through which it shows it."""

from typing import NamedTuple, Protocol

from thunder.cli.text import in_words
from thunder.cli.timeline_output import newest_age
from thunder.client import TimedAnswer
from thunder.demo.event_feed import Feed
from thunder.demo.roles import Addresses


class Status(NamedTuple):
    """Counts so far, and events on their way."""

    events_in: int
    posts_stored: int
    requests_answered: int
    lag: int


class View(NamedTuple):
    """One look at the timeline, at a time in Unix seconds."""

    feed: Feed
    answer: TimedAnswer
    status: Status
    now: float


class Screen(Protocol):
    """Shows a demo to a person or a program. None of its methods waits."""

    def say(self, line: str) -> None:
        """Something worth knowing, once."""
        ...

    def wait(self, line: str) -> None:
        """What the demo is busy with; called often, until there is something to show."""
        ...

    def show(self, view: View) -> None:
        """Called once a second from the first answer on."""
        ...

    def ready(self, addresses: Addresses) -> None:
        """Everything runs, and nobody feeds it."""
        ...

    def close(self) -> None:
        """Nothing more is shown."""
        ...


def status_line(status: Status) -> str:
    """The counts in words."""
    return (
        f"events in {status.events_in:,} · posts stored {status.posts_stored:,} · "
        f"requests answered {status.requests_answered:,} · lag {status.lag:,}"
    )


def title(view: View) -> str:
    """Whose timeline it is."""
    return f"The timeline of {view.feed.viewer.description}"


def answer_line(view: View) -> str:
    """How much there is, how fast it came, how fresh it is."""
    age = newest_age(view.answer.response, view.now)
    if age is None:
        return f"no posts yet, answered in {view.answer.seconds * 1000:.1f} ms"
    count = len(view.answer.response.posts)
    newest = f"{age:.1f} s" if age < 60 else in_words(age)
    return f"{count:,} posts, answered in {view.answer.seconds * 1000:.1f} ms, the newest is {newest} old"


def address_lines(addresses: Addresses) -> list[str]:
    """Where everything is."""
    places = {**addresses._asdict(), "page": addresses.page}
    return [f"{name.replace('_', ' '):<14}{value}" for name, value in places.items()]
