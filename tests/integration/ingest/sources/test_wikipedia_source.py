"""Listening to Wikimedia. The parts shared with other sources: tests/contract/test_network_source.py."""

import time
from collections.abc import Generator
from importlib.metadata import version
from itertools import islice

import pytest

from common.timing import Backoff
from ingest.sources.connection import ReconnectPolicy
from ingest.sources.message import Disposition
from ingest.sources.wikipedia.recent_change import Bots, ChangeKind, IgnoredChange
from ingest.sources.wikipedia.source import WikipediaSource
from tests.support.sources.event_stream_server import CONTACT, EventStreamServer
from tests.support.sources.scenes import Refuses, Says, Then
from tests.support.sources.wikimedia_changes import change
from tests.support.wait import in_time

POLICY = ReconnectPolicy(longest_silence=5, backoff=Backoff(0.02, 1))


@pytest.fixture
def server() -> Generator[EventStreamServer]:
    running = EventStreamServer()
    yield running
    running.close()


def test_it_says_who_it_is_and_wants_nothing_compressed(server: EventStreamServer) -> None:
    server.stage.plays(Says((server.event(1),)))
    next(server.source(POLICY).listen("", in_time()))

    headers = server.requests[0]
    assert headers["User-Agent"] == f"thunder-redis/{version('thunder-redis')} ({CONTACT})"
    assert headers["Accept"] == "text/event-stream"
    assert headers["Accept-Encoding"] == "identity"


def test_what_is_sent_again_after_a_loss_is_a_repeat(server: EventStreamServer) -> None:
    server.stage.plays(
        Says((server.event(1), server.event(2)), Then.ENDS), Says((server.event(1), server.event(2), server.event(3)))
    )
    parsed = list(islice(server.source(POLICY).listen("", in_time()), 5))

    edit, repeat = (Disposition.SENT, ChangeKind.EDIT), (Disposition.IGNORED, IgnoredChange.REPEAT)
    assert [(one.disposition, one.label) for one in parsed] == [edit, edit, repeat, repeat, edit]
    assert [one.position for one in parsed] == [server.position(number) for number in (1, 2, 1, 2, 3)]


def test_bots_are_left_out_when_asked_to(server: EventStreamServer) -> None:
    server.stage.plays(Says((server.message(change(bot=True).encode()), server.event(1))))
    source = WikipediaSource(server.url, Bots.EXCLUDE, POLICY)

    assert [one.label for one in islice(source.listen("", in_time()), 2)] == [IgnoredChange.BOT, ChangeKind.EDIT]


def test_the_server_says_how_soon_to_come_back(server: EventStreamServer) -> None:
    server.stage.plays(Says((b"retry: 500\n\n", server.event(1)), Then.ENDS), Says((server.event(2),)))
    parsed = server.source(POLICY).listen("", in_time())
    next(parsed)
    begin = time.monotonic()

    assert next(parsed).position == server.position(2)
    assert time.monotonic() - begin >= 0.5


def test_a_page_that_is_no_stream_is_asked_again(server: EventStreamServer) -> None:
    page = Refuses(200, {"Content-Type": "text/html"})
    server.stage.plays(page, page, Says((server.event(1),)))

    assert next(server.source(POLICY).listen("", in_time())).position == server.position(1)


def test_a_redirect_is_followed(server: EventStreamServer) -> None:
    server.stage.plays(Refuses(307, {"Location": "/v3/recentchange"}), Says((server.event(1),)))

    assert next(server.source(POLICY).listen("", in_time())).position == server.position(1)


def test_a_missing_contact_is_a_warning(server: EventStreamServer, caplog: pytest.LogCaptureFixture) -> None:
    server.stage.plays(Says((server.event(1),)), Says((server.event(2),)))
    next(server.source(POLICY).listen("", in_time()))
    assert caplog.messages == []

    next(WikipediaSource(server.url, Bots.INCLUDE, POLICY).listen("", in_time()))
    assert server.agents[1] == f"thunder-redis/{version('thunder-redis')}"
    [warning] = caplog.messages
    assert warning.startswith("wikipedia: no contact is set")
    assert "--contact" in warning
