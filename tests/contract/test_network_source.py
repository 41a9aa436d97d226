"""The contract of a source on a network: all agree, against real servers on loopback."""

import logging
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator
from importlib.metadata import version
from itertools import count, islice

import pytest

from common.errors import ConfigurationError
from common.timing import Backoff
from ingest.sources.bluesky.source import BlueskySource
from ingest.sources.connection import ReconnectPolicy
from ingest.sources.mastodon import MastodonSettings
from ingest.sources.mastodon.source import MastodonSource
from ingest.sources.message import TOO_LARGE, Disposition, ParsedMessage, Source
from ingest.sources.wikipedia.source import WikipediaSource
from tests.support.sources.event_stream_server import EventStreamServer
from tests.support.sources.jetstream_server import JetstreamServer
from tests.support.sources.mastodon_server import MastodonServer
from tests.support.sources.scenes import NeverAnswers, Refuses, Says, Stage, Then
from tests.support.unused import free_port
from tests.support.wait import eventually, in_time

IMPATIENT = ReconnectPolicy(longest_silence=0.5, backoff=Backoff(first=0.02, longest=0.1))
PATIENT = ReconnectPolicy(longest_silence=60, backoff=Backoff(first=60, longest=60))

Server = JetstreamServer | EventStreamServer
ServerType = type[JetstreamServer] | type[EventStreamServer]


@pytest.fixture(params=[JetstreamServer, EventStreamServer, MastodonServer], ids=["bluesky", "wikipedia", "mastodon"])
def server_type(request: pytest.FixtureRequest) -> ServerType:
    return request.param


@pytest.fixture
def server(server_type: ServerType) -> Generator[Server]:
    running = server_type()
    yield running
    running.close()


def listen(source: Source, position: str = "") -> Iterator[ParsedMessage]:
    return source.listen(position, in_time())


def positions(parsed: Iterator[ParsedMessage], number: int) -> list[str]:
    """Positions of the next messages that are sent, `number` of them."""
    return [one.position for one in islice((one for one in parsed if one.disposition is Disposition.SENT), number)]


def events(server: Server, *numbers: int, then: Then = Then.IS_QUIET) -> Says:
    return Says(tuple(server.event(number) for number in numbers), then)


def test_it_says_what_it_hears_from_now_on(server: Server) -> None:
    server.stage.plays(events(server, 1, 2, 3))
    source = server.source(IMPATIENT)

    assert positions(listen(source), 3) == [server.position(1), server.position(2), server.position(3)]
    assert server.asked_to_resume() == [""]
    assert (source.reconnects, source.expected) == (0, None)


def test_it_begins_at_the_given_position(server: Server) -> None:
    server.stage.plays(events(server, 8))

    assert positions(listen(server.source(IMPATIENT), server.position(7)), 1) == [server.position(8)]
    assert server.asked_to_resume() == [server.resumed_after(7)]


@pytest.mark.parametrize("then", [Then.ENDS, Then.IS_SILENT, Then.VANISHES])
def test_a_lost_connection_resumes_where_it_stopped(
    then: Then, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "thunder.source")
    server.stage.plays(events(server, 1, 2, then=then), events(server, 3))
    source = server.source(IMPATIENT)

    assert positions(listen(source), 3) == [server.position(1), server.position(2), server.position(3)]
    assert server.asked_to_resume() == ["", server.resumed_after(2)]
    assert source.reconnects == 1
    lost, resumed = logged(caplog)
    assert lost.startswith(f"{source.name}: connection lost: ")
    assert resumed.startswith(f"{source.name}: resumed from ")


def test_a_quiet_stream_that_shows_life_is_kept(server: Server) -> None:
    server.stage.plays(Says((), Then.IS_QUIET))
    source = server.source(IMPATIENT)

    assert list(source.listen("", in_time(4 * IMPATIENT.longest_silence))) == []
    assert (len(server.stage.asked), source.reconnects) == (1, 0)


def test_connections_given_up_are_closed(server: Server) -> None:
    server.stage.plays(*[Says((), Then.IS_SILENT)] * 3, events(server, 1))
    parsed = listen(server.source(IMPATIENT))
    assert positions(parsed, 1) == [server.position(1)]

    eventually(lambda: len(reading()) == 1, "one thread reads the one connection", timeout=5)
    assert len(server.stage.asked) == 4


def test_a_blocked_connection_is_closed_at_the_stop(server: Server) -> None:
    server.stage.plays(events(server, 1, then=Then.IS_SILENT))
    parsed = server.source(PATIENT).listen("", in_time())
    next(parsed)

    assert isinstance(parsed, Generator)
    parsed.close()

    eventually(lambda: not reading(), "the thread that reads has ended", timeout=5)


def test_the_first_position_is_the_time_of_the_connection(server: Server) -> None:
    if isinstance(server, MastodonServer):
        assert server.source(IMPATIENT).first_position == ""  # there are no positions
        return
    server.stage.plays(Says((), Then.VANISHES), events(server, 1))
    source = server.source(IMPATIENT)
    assert source.first_position == ""
    before = time.time()

    assert positions(listen(source), 1) == [server.position(1)]

    resumed_at = server.resumed_at(1)
    assert resumed_at is not None
    assert before - 5.01 <= resumed_at <= time.time() - 5
    assert source.first_position


def test_the_agent_names_the_contact(server: Server) -> None:
    server.stage.plays(events(server, 1))
    contact = "ops@example.org"
    if isinstance(server, MastodonServer):
        source: Source = server.source(IMPATIENT, contact)
    else:
        source_type = BlueskySource if isinstance(server, JetstreamServer) else WikipediaSource
        source = source_type(server.url, policy=IMPATIENT, contact=contact)
    next(source.listen("", in_time()))

    assert server.agents == [f"thunder-redis/{version('thunder-redis')} (ops@example.org)"]


def test_a_rejection_quotes_the_first_line_of_its_body(server: Server) -> None:
    server.stage.plays(Refuses(403, body=b"no agent\nhttps://policy.example"))

    with pytest.raises(ConfigurationError, match=r"HTTP status 403: no agent$"):
        next(listen(server.source(IMPATIENT)))


def test_an_unavailable_server_is_quoted_in_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.stage.plays(Refuses(503, body=b"overloaded"), events(server, 1))
    assert positions(listen(server.source(IMPATIENT)), 1) == [server.position(1)]

    assert "HTTP status 503: overloaded; reconnecting" in logged(caplog)[0]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "thunder.source"]


def test_unreachable_server_is_awaited_with_few_log_lines(
    server_type: ServerType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "thunder.source")
    port = free_port()
    first, second = server_type(port), Stage()
    first.stage.plays(events(first, 1))
    second.plays(events(first, 2))
    restarted: list[Server] = []
    looks_while_away = count()

    def restart_after_some_attempts() -> bool:
        if first.stage.closing.is_set() and next(looks_while_away) == 20:
            restarted.append(server_type(port, second))
        return is_late()

    is_late = in_time()
    parsed = first.source(IMPATIENT).listen("", restart_after_some_attempts)
    assert positions(parsed, 1) == [first.position(1)]
    first.close()
    assert positions(parsed, 1) == [first.position(2)]
    restarted[0].close()

    assert restarted[0].asked_to_resume() == [first.resumed_after(1)]
    _, resumed = logged(caplog)
    assert re.search(r"\(attempt [2-9]\d*\)", resumed)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_unavailable_server_is_asked_again_with_few_log_lines(
    status: int, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("websockets.server").setLevel(logging.WARNING)
    server.stage.plays(Refuses(status), Refuses(status, {"Retry-After": "0"}), events(server, 1))

    assert positions(listen(server.source(IMPATIENT)), 1) == [server.position(1)]
    assert len(server.stage.asked) == 3
    assert [record.name for record in caplog.records] == ["thunder.source"] * 2


def test_a_server_that_asks_for_time_gets_it_within_bounds(server: Server) -> None:
    server.stage.plays(Refuses(429, {"Retry-After": "3600"}), events(server, 1))
    begin = time.monotonic()

    longest = 0.7
    source = server.source(ReconnectPolicy(longest_silence=5, backoff=Backoff(first=0.01, longest=longest)))
    assert positions(listen(source), 1) == [server.position(1)]
    assert time.monotonic() - begin >= longest


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_rejected_request_is_not_repeated(status: int, server: Server) -> None:
    server.stage.plays(Refuses(status))

    with pytest.raises(ConfigurationError, match=f"{server.url} refused the connection: HTTP status {status}"):
        next(listen(server.source(IMPATIENT)))
    assert len(server.stage.asked) == 1


@pytest.mark.parametrize("scene", [Says(()), NeverAnswers(), Refuses(503)], ids=["silent", "mute", "refusing"])
def test_stop_interrupts_every_wait(scene: Says | NeverAnswers | Refuses, server: Server) -> None:
    server.stage.plays(scene)
    asked_to_stop_at: list[float] = []

    def stop_once_connected() -> bool:
        if server.stage.asked and not asked_to_stop_at:
            asked_to_stop_at.append(time.monotonic())
        return bool(asked_to_stop_at)

    assert list(server.source(PATIENT).listen("", stop_once_connected)) == []
    assert time.monotonic() - asked_to_stop_at[0] < 1


def test_it_connects_to_nothing_when_stopped_at_once(server: Server) -> None:
    assert list(server.source(PATIENT).listen("", lambda: True)) == []
    assert server.stage.asked == []


def test_garbage_is_dropped_by_reason_and_costs_itself_alone(server: Server) -> None:
    garbage = [b"oops", b"", b'{"kind":', b"[1]", b"{}", b'"\\ud800"']
    server.stage.plays(Says((server.event(1), *map(server.message, garbage), server.event(2))))

    first, *dropped, last = islice(listen(server.source(IMPATIENT)), len(garbage) + 2)

    assert [one.disposition for one in (first, last)] == [Disposition.SENT, Disposition.SENT]
    assert [one.label for one in dropped] == ["not_json"] * 4 + ["bad_field", "not_json"]
    assert all(one.disposition is Disposition.DROPPED and one.detail for one in dropped)


def test_oversized_message_is_dropped_and_reading_goes_on(server: Server) -> None:
    large = server.message(b'"' + b"x" * 2**20 + b'"')
    server.stage.plays(Says((server.event(1), large, server.event(2))), events(server, 2))

    first, dropped, last = islice(listen(server.source(IMPATIENT)), 3)

    assert (first.position, last.position) == (server.position(1), server.position(2))
    assert (dropped.disposition, dropped.label) == (Disposition.DROPPED, TOO_LARGE)


def test_more_than_is_read_ahead_comes_in_order(server: Server) -> None:
    server.stage.plays(events(server, *range(3000)))

    parsed = positions(listen(server.source(IMPATIENT)), 3000)

    assert parsed == [server.position(number) for number in range(3000)]
    assert len(server.stage.asked) == 1


def test_nothing_is_read_after_the_listener_has_left(server: Server) -> None:
    server.stage.plays(events(server, *range(3000), then=Then.ENDS))
    parsed = server.source(IMPATIENT).listen("", in_time())
    next(parsed)

    assert isinstance(parsed, Generator)
    parsed.close()

    eventually(lambda: not reading(), "the thread that reads has ended", timeout=5)


def reading() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "source connection"]


def _mastodon_source(url: str) -> Source:
    return MastodonSource(MastodonSettings.model_construct(server_url=url))


@pytest.mark.parametrize("url", ["", "stream.example", "ftp://stream.example", "http://", "ws://[", "wss://h:99999"])
@pytest.mark.parametrize("source_type", [BlueskySource, WikipediaSource, _mastodon_source])
def test_an_address_of_another_kind_is_an_error(url: str, source_type: Callable[[str], Source]) -> None:
    with pytest.raises(ConfigurationError, match="is not an address that starts with"):
        source_type(url)
