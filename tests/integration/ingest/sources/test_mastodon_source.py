"""Listening to a Mastodon server. The parts shared with other sources: tests/contract/test_network_source.py."""

from collections.abc import Generator
from itertools import islice

import pytest

from common.errors import ConfigurationError
from common.timing import Backoff
from ingest.events import PostDelete
from ingest.sources.connection import ReconnectPolicy
from ingest.sources.mastodon import MastodonSettings
from ingest.sources.mastodon.source import MastodonSource
from tests.support.sources.mastodon_server import TOKEN, MastodonServer, status, status_id
from tests.support.sources.scenes import Refuses, Says, Then
from tests.support.wait import in_time

POLICY = ReconnectPolicy(longest_silence=5, backoff=Backoff(0.02, 1))


@pytest.fixture
def server() -> Generator[MastodonServer]:
    running = MastodonServer()
    yield running
    running.close()


def test_the_token_is_in_its_header_alone(server: MastodonServer) -> None:
    server.stage.plays(Says((server.event(1),)))
    next(server.source(POLICY).listen("", in_time()))

    [headers], [path] = server.requests, server.paths
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert (headers["Accept"], headers["Accept-Encoding"]) == ("text/event-stream", "identity")
    assert path == "/api/v1/streaming/public"


def test_every_kind_of_event_comes_in_order(server: MastodonServer) -> None:
    heartbeat = server.heartbeat
    server.stage.plays(
        Says(
            (
                *(server.event(1), heartbeat, server.message(status(1).encode(), b"status.update")),
                *(server.message(b"%d" % status_id(1), b"delete"), b"event: filters_changed\n\n", server.event(2)),
            )
        )
    )
    parsed = list(islice(server.source(POLICY).listen("", in_time()), 4))

    assert [one.label for one in parsed] == ["post", "edit", "delete", "post"]
    assert isinstance(parsed[2].event, PostDelete)
    assert parsed[2].event.post_id == status_id(1)


def test_a_redirect_never_gets_the_token(server: MastodonServer) -> None:
    server.stage.plays(Refuses(301, {"Location": "https://streaming.example/api/v1/streaming/public?x=1"}))

    with pytest.raises(
        ConfigurationError,
        match=r"redirects to https://streaming\.example/api/v1/streaming/public, which is not followed",
    ):
        next(server.source(POLICY).listen("", in_time()))


def test_without_a_token_a_redirect_is_followed(server: MastodonServer) -> None:
    server.stage.plays(Refuses(301, {"Location": "/elsewhere"}), Says((server.event(1),)))
    source = MastodonSource(MastodonSettings(server_url=server.server_url), POLICY)

    next(source.listen("", in_time()))
    assert server.paths == ["/api/v1/streaming/public", "/elsewhere"]
    assert "Authorization" not in server.requests[1]


def test_messages_between_losses_keep_the_waits_short(server: MastodonServer) -> None:
    scenes = [Says((server.event(number),), Then.ENDS) for number in range(8)]
    server.stage.plays(*scenes)
    policy = ReconnectPolicy(longest_silence=5, backoff=Backoff(0.02, 60))
    source = server.source(policy)

    assert len(list(islice(source.listen("", in_time(10)), 8))) == 8
    assert source.reconnects == 7
