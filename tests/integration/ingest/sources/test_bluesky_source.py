"""Listening to Bluesky. The parts shared with other sources: tests/contract/test_network_source.py."""

import threading
from collections.abc import Generator
from itertools import islice
from urllib.parse import parse_qs

import pytest

from common.errors import ConfigurationError
from common.timing import Backoff
from ingest.sources.bluesky.source import BlueskySource
from ingest.sources.connection import ReconnectPolicy
from ingest.sources.message import Disposition
from tests.support.sources.jetstream_server import JetstreamServer
from tests.support.sources.scenes import Says
from tests.support.wait import in_time

POLICY = ReconnectPolicy(longest_silence=5, backoff=Backoff(0.02, 0.1))


@pytest.fixture
def server() -> Generator[JetstreamServer]:
    running = JetstreamServer()
    yield running
    running.close()


def test_subscription_names_collections_and_message_size(server: JetstreamServer) -> None:
    server.stage.plays(Says((server.event(1),)))
    next(server.source(POLICY).listen("", in_time()))

    assert parse_qs(server.stage.asked[0]) == {
        "wantedCollections": ["app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.graph.follow"],
        "maxMessageSizeBytes": [str(2**20)],
    }


def test_what_the_address_asks_for_is_kept(server: JetstreamServer) -> None:
    server.stage.plays(Says((server.event(1),)))
    next(BlueskySource(f"{server.url}?wantedDids=did:web:bob.example", POLICY).listen("", in_time()))

    assert parse_qs(server.stage.asked[0])["wantedDids"] == ["did:web:bob.example"]


def test_a_cursor_is_never_before_the_beginning_of_time(server: JetstreamServer) -> None:
    server.stage.plays(Says((server.event(1),)))
    next(server.source(POLICY).listen("3", in_time()))

    assert server.asked_to_resume() == ["0"]


@pytest.mark.parametrize("position", ["yesterday", "-1", "1.5", "9" * 20])
def test_a_position_that_is_no_time_is_an_error(position: str, server: JetstreamServer) -> None:
    with pytest.raises(ConfigurationError, match="resumed from a time in microseconds"):
        next(server.source(POLICY).listen(position, in_time()))


def test_who_listens_slowly_keeps_the_connection(server: JetstreamServer) -> None:
    more_than_buffers_hold = 20_000
    server.stage.plays(Says(tuple(map(server.event, range(more_than_buffers_hold)))))
    source = server.source(POLICY._replace(longest_silence=0.2))
    parsed = source.listen("", in_time())
    next(parsed)

    threading.Event().wait(0.5)  # longer than the silence that is allowed

    assert len(list(islice(parsed, more_than_buffers_hold - 1))) == more_than_buffers_hold - 1
    assert source.reconnects == 0


def test_a_binary_message_is_read_like_any_other(server: JetstreamServer) -> None:
    zstd = b"\x28\xb5\x2f\xfd\x04\x58\x00"
    server.stage.plays(Says((zstd, server.event(1)), is_binary=True))

    assert [parsed.disposition for parsed in islice(server.source(POLICY).listen("", in_time()), 2)] == [
        Disposition.DROPPED,
        Disposition.SENT,
    ]
