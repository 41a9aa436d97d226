"""Both clients against the fake server: what a caller sees."""

import json
import time

import grpc
import pytest

from tests.contract.thunder_client.either_client import Connect
from tests.support.unused import free_port
from thunder_client import (
    SERVICE_CONFIG,
    AccessError,
    CapacityError,
    ClientError,
    DeadlineError,
    InvalidRequestError,
    LightPost,
    PartialTimelineError,
    Refreshed,
    ThunderClient,
    Timeline,
    UnavailableError,
)
from thunder_client.errors import InvalidField
from thunder_client.fake_server import FakeServer
from thunder_client.messages import GetInNetworkPostsRequest

AUTHOR = 7
EXHAUSTED, UNAVAILABLE = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE


def post(number: int) -> LightPost:
    return LightPost(post_id=number, author_id=AUTHOR, created_at=1000 + number)


def ids(timeline: Timeline | Refreshed) -> list[int]:
    return [post.post_id for post in timeline.posts]


@pytest.fixture
def filled(server: FakeServer) -> FakeServer:
    """Ten posts, of which 10 is the newest."""
    server.posts += map(post, range(1, 11))
    return server


def test_a_timeline_has_the_posts(filled: FakeServer, connect: Connect) -> None:
    timeline = connect(filled.target).timeline(user_id=1, following=[AUTHOR], max_results=3)
    assert (ids(timeline), timeline.partial, timeline.has_more) == ([10, 9, 8], False, True)
    assert filled.requests == [GetInNetworkPostsRequest(user_id=1, following_user_ids=[AUTHOR], max_results=3)]


def test_partial_is_a_flag_or_an_error(filled: FakeServer, connect: Connect) -> None:
    client = connect(filled.target)
    filled.answer_partially(kept=2)
    timeline = client.timeline(following=[AUTHOR])
    assert (ids(timeline), timeline.partial) == ([10, 9], True)
    filled.answer_partially(kept=2)
    with pytest.raises(PartialTimelineError) as raised:
        client.timeline(following=[AUTHOR], strict=True)
    assert ids(raised.value.timeline) == [10, 9]


def test_pages_go_down_to_the_oldest_post(filled: FakeServer, connect: Connect) -> None:
    pages = connect(filled.target).pages(following=[AUTHOR], max_results=4)
    assert [ids(page) for page in pages] == [[10, 9, 8, 7], [6, 5, 4, 3], [2, 1]]


def test_pages_do_not_pass_over_what_a_partial_page_lacks(filled: FakeServer, connect: Connect) -> None:
    pages = connect(filled.target).pages(following=[AUTHOR], max_results=5)
    filled.answer_partially(kept=1)
    filled.answer_partially()
    assert [ids(page) for page in pages] == [[10, 9, 8, 7, 6], [5, 4, 3, 2, 1]]


def test_pages_that_stay_partial_raise_when_strict(filled: FakeServer, connect: Connect) -> None:
    pages = connect(filled.target).pages(following=[AUTHOR], max_results=5, strict=True)
    assert ids(next(pages)) == [10, 9, 8, 7, 6]
    for _ in range(4):
        filled.answer_partially(kept=1)
    with pytest.raises(PartialTimelineError) as raised:
        next(pages)
    assert ids(raised.value.timeline) == [5]


def test_a_refresh_has_what_is_new(filled: FakeServer, connect: Connect) -> None:
    client = connect(filled.target)
    timeline = client.timeline(following=[AUTHOR])
    filled.posts += [post(11), LightPost(post_id=12, author_id=AUTHOR, created_at=995)]
    first = client.refresh(timeline, following=[AUTHOR], max_results=4)
    assert ids(first) == [11, 12]
    filled.posts.append(post(13))
    filled.answer_partially()
    assert ids(client.refresh(first.cursor, following=[AUTHOR], strict=True)) == [13]


def test_a_server_at_capacity_is_asked_again_when_it_says(filled: FakeServer, connect: Connect) -> None:
    filled.fail(EXHAUSTED)
    filled.fail(UNAVAILABLE)
    assert len(connect(filled.target).timeline(following=[AUTHOR]).posts) == 10
    assert len(filled.requests) == 3


def test_a_server_that_stays_at_capacity_is_an_error(server: FakeServer, connect: Connect) -> None:
    for _ in range(5):
        server.fail(EXHAUSTED, "busy", retry_after=0.25)
    with pytest.raises(CapacityError, match="busy") as raised:
        connect(server.target).timeline(timeout=10)
    assert raised.value.retry_after == 0.25
    assert len(server.requests) == 5


def test_retries_have_a_budget(server: FakeServer, connect: Connect) -> None:
    config = json.loads(SERVICE_CONFIG)
    assert config["retryThrottling"] == {"maxTokens": 100, "tokenRatio": 0.1}
    config["retryThrottling"]["maxTokens"] = 4
    client = connect(server.target, service_config=json.dumps(config))
    for _ in range(20):
        server.fail(UNAVAILABLE)
    for _ in range(4):
        with pytest.raises(UnavailableError):
            client.timeline()
    assert len(server.requests) < 8, "4 calls and the retries of the first"


def test_without_a_service_config_there_are_no_retries(server: FakeServer, connect: Connect) -> None:
    server.fail(UNAVAILABLE, "away", retry_after=3)
    with pytest.raises(UnavailableError, match="away") as raised:
        connect(server.target, service_config=None).timeline()
    assert raised.value.retry_after == 3


def test_an_invalid_request_names_its_fields(server: FakeServer, connect: Connect) -> None:
    server.fail(grpc.StatusCode.INVALID_ARGUMENT, "bad", fields=[InvalidField("user_id", "too big")])
    with pytest.raises(InvalidRequestError) as raised:
        connect(server.target).timeline()
    assert raised.value.fields == (("user_id", "too big"),)


@pytest.mark.parametrize(
    ("code", "kind"), [(grpc.StatusCode.UNAUTHENTICATED, AccessError), (grpc.StatusCode.INTERNAL, ClientError)]
)
def test_other_errors_are_typed(
    server: FakeServer, connect: Connect, code: grpc.StatusCode, kind: type[ClientError]
) -> None:
    server.fail(code, "text")
    with pytest.raises(kind, match=f"{code.name}: text") as raised:
        connect(server.target).timeline()
    assert raised.value.code is code


def test_a_call_has_a_deadline(connect: Connect) -> None:
    target = f"127.0.0.1:{free_port()}"
    config = json.dumps({"methodConfig": [{"name": [{}], "waitForReady": True}]})
    client = connect(target, timeout=0.3, service_config=config)
    for timeout in (None, 0.1):
        began = time.monotonic()
        with pytest.raises(DeadlineError):
            client.timeline(timeout=timeout)
        assert time.monotonic() - began < 2


def test_an_absent_server_is_unavailable(connect: Connect) -> None:
    with pytest.raises(UnavailableError):
        connect(f"127.0.0.1:{free_port()}").timeline(timeout=10)


def test_a_raw_call_takes_metadata_of_its_own(filled: FakeServer, connect: Connect) -> None:
    request = GetInNetworkPostsRequest(following_user_ids=[AUTHOR], algorithm="recent")
    response = connect(filled.target).call(request, None, [("traceparent", "00-1-2-01")])
    assert len(response.posts) == 10
    assert filled.requests == [request]


def test_a_closed_client_opens_again(filled: FakeServer) -> None:
    with ThunderClient(filled.target) as client:
        assert client.timeline(following=[AUTHOR]).posts
        client.close()
        assert client.timeline(following=[AUTHOR]).posts
