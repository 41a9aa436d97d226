"""The rpc as its callers see it, over a real gRPC server."""

from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

from common.errors import ServerClockWrong, StoreFilling, StoreUnavailable
from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import (
    Adjustment,
    AdjustmentKind,
    GetInNetworkPostsRequest,
    GetInNetworkPostsResponse,
    LightPost,
    Position,
)
from serve.timeline.read_core import DamagedReply
from tests.support.in_loop import in_loop, soon
from tests.support.serving.read_service import NOW, Call, FakeFollows, SilentFollows, answer_with, serving
from tests.support.serving.rpc import METHOD

POSTS = [
    LightPost(post_id=2, author_id=20, created_at=NOW - 60),
    LightPost(post_id=1, author_id=20, created_at=NOW - 90),
]
REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])


async def failure(call: Call, request: GetInNetworkPostsRequest = REQUEST) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(request)
    return caught.value


def trailers(error: grpc.aio.AioRpcError) -> dict[str, str | bytes]:
    return dict(error.trailing_metadata() or ())


def status_details(error: grpc.aio.AioRpcError) -> Status:
    details = trailers(error)["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    return Status.FromString(details)


@in_loop
async def test_posts_come_back_as_the_store_gave_them() -> None:
    async with serving() as served:
        served.timelines.result = answer_with(*POSTS)
        response = await served.ask(REQUEST)
    assert list(response.posts) == POSTS
    assert not response.partial


@in_loop
async def test_a_full_server_refuses_with_pushback_and_retry_info() -> None:
    async with serving(max_concurrent_requests=1) as served:
        served.timelines.hold()
        first = served.ask(REQUEST)
        await soon(lambda: served.timelines.waiting == 1, "the first request is being answered")
        refused = await failure(served.ask)
        served.timelines.let_go()
        await first
    assert (refused.code(), refused.details()) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "Server at capacity, please retry",
    )
    delay_ms = int(trailers(refused)["grpc-retry-pushback-ms"])
    assert delay_ms > 0
    status = status_details(refused)
    assert (status.code, status.message) == (8, refused.details())
    retry_info = RetryInfo()
    assert status.details[0].Unpack(retry_info)
    assert retry_info.retry_delay.ToMilliseconds() == delay_ms


@in_loop
async def test_requests_beyond_the_rate_are_refused() -> None:
    async with serving(qps_limit=1) as served:
        await served.ask(REQUEST)
        refused = await failure(served.ask)
    assert (refused.code(), refused.details()) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "QPS rate limit exceeded, please retry",
    )
    assert 0 < int(trailers(refused)["grpc-retry-pushback-ms"]) <= 1000


@in_loop
async def test_an_invalid_viewer_is_named_in_the_details() -> None:
    async with serving() as served:
        invalid = await failure(served.ask, GetInNetworkPostsRequest(user_id=MAX_ID + 1))
    assert invalid.code() is grpc.StatusCode.INVALID_ARGUMENT
    bad_request = BadRequest()
    assert status_details(invalid).details[0].Unpack(bad_request)
    assert [violation.field for violation in bad_request.field_violations] == ["user_id"]
    assert str(MAX_ID) in bad_request.field_violations[0].description


@in_loop
async def test_bytes_that_are_no_request_are_an_invalid_argument() -> None:
    async with serving() as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.channel.unary_unary(METHOD)(b"\xff\xff\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert status_details(caught.value).code == 3


@in_loop
async def test_a_silent_store_is_unavailable_without_its_address() -> None:
    async with serving() as served:
        served.timelines.result = StoreUnavailable("Redis 10.0.0.7:6379 refused the connection")
        unavailable = await failure(served.ask)
    assert unavailable.code() is grpc.StatusCode.UNAVAILABLE
    assert "10.0.0.7" not in (unavailable.details() or "")


@in_loop
async def test_replies_that_do_not_fit_are_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        served.timelines.result = DamagedReply("a reply of type int")
        for _ in range(3):
            assert (await failure(served.ask)).code() is grpc.StatusCode.UNAVAILABLE
    assert caplog.text.count("replies of Redis do not fit its commands") == 1
    assert "a reply of type int" in caplog.text


@in_loop
async def test_a_defect_is_internal_and_its_cause_only_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        served.timelines.result = ZeroDivisionError("division of secret things")
        internal = await failure(served.ask)
    assert (internal.code(), internal.details()) == (grpc.StatusCode.INTERNAL, "Internal error")
    assert [record for record in caplog.text.splitlines() if "division of secret things" in record]


@in_loop
async def test_long_lists_are_cut_counted_and_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    ids = range(1, 10_003)
    async with serving() as served:
        await served.ask(GetInNetworkPostsRequest(user_id=7, following_user_ids=ids, exclude_tweet_ids=ids))
        query = served.timelines.queries[0]
        cuts = {
            cut: served.metric("get_in_network_posts_adjustments_total", adjustment=cut)
            for cut in ("following_cut", "excluded_cut")
        }
        following_size = served.metric("get_in_network_posts_following_size_sum")
    assert (len(query.following), len(query.excluded)) == (10_000, 10_000)
    assert cuts == {"following_cut": 1, "excluded_cut": 1}
    assert following_size == 10_002, "sizes are of the lists before truncation"
    assert "Limiting following_user_ids from 10002 to 10000 entries for user 7" in caplog.text
    assert "Limiting exclude_tweet_ids from 10002 to 10000 entries for user 7" in caplog.text


@in_loop
async def test_every_change_to_a_request_is_in_the_answer() -> None:
    kinds = AdjustmentKind
    request = GetInNetworkPostsRequest(
        following_user_ids=[0, 20, 20, *range(100, 10_100)],
        exclude_tweet_ids=[0, *range(1, 10_001)],
        exclude_author_ids=[2**63, *range(1, 10_002)],
        max_results=12_001,
        algorithm="engagement",
    )
    async with serving() as served:
        served.timelines.result = answer_with(*POSTS)
        response = await served.ask(request)
        plain = await served.ask(REQUEST)
    assert list(response.posts) == POSTS
    assert [(adjustment.kind, adjustment.given, adjustment.used) for adjustment in response.adjustments] == [
        (kinds.ADJUSTMENT_KIND_FOLLOWING_CUT, 10_003, 10_000),
        (kinds.ADJUSTMENT_KIND_FOLLOWING_DROPPED, 10_003, 10_000),
        (kinds.ADJUSTMENT_KIND_EXCLUDED_CUT, 10_001, 9_999),
        (kinds.ADJUSTMENT_KIND_EXCLUDED_DROPPED, 10_001, 9_999),
        (kinds.ADJUSTMENT_KIND_EXCLUDED_AUTHORS_CUT, 10_002, 9_999),
        (kinds.ADJUSTMENT_KIND_EXCLUDED_AUTHORS_DROPPED, 10_002, 9_999),
        (kinds.ADJUSTMENT_KIND_MAX_RESULTS_CLAMPED, 12_001, 12_000),
        (kinds.ADJUSTMENT_KIND_ALGORITHM_UNKNOWN, 0, 0),
    ]
    assert not plain.adjustments


@pytest.mark.parametrize("held", [10_000, 10_001])
@in_loop
async def test_a_cut_list_of_the_follow_store_is_in_the_answer(held: int, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(follows=FakeFollows({1: range(1, held + 1)})) as served:
        response = await served.ask(GetInNetworkPostsRequest(user_id=1))
        sizes = served.metric("get_in_network_posts_following_size_sum")
    cut = Adjustment(kind=AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_CUT, given=held, used=10_000)
    assert list(response.adjustments) == ([cut] if held > 10_000 else [])
    assert sizes == held
    assert (f"Limiting following_user_ids from {held} to 10000" in caplog.text) == (held > 10_000)


@in_loop
async def test_follows_that_are_all_excluded_are_not_looked_up() -> None:
    async with serving(follows=FakeFollows({1: [30]})) as served:
        await served.ask(GetInNetworkPostsRequest(user_id=1, following_user_ids=[20], exclude_author_ids=[20]))
        assert [query.following for query in served.timelines.queries] == [(20,)]


@in_loop
async def test_blocked_authors_hold_for_every_request(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("20\n")
    async with serving(blocked_authors_file=str(blocked)) as served:
        served.timelines.result = answer_with(*POSTS)._replace(blocked_authors=1, blocked_reposts=2)
        await served.ask(REQUEST)
        assert served.timelines.queries[0].blocked_authors == {20}
        kept_out = [served.metric("post_store_blocked_total", kind=kind) for kind in ("author", "repost")]
    assert kept_out == [1, 2]


@in_loop
async def test_a_place_before_the_first_post_is_invalid() -> None:
    async with serving() as served:
        invalid = await failure(served.ask, GetInNetworkPostsRequest(before=Position()))
    assert invalid.code() is grpc.StatusCode.INVALID_ARGUMENT
    bad_request = BadRequest()
    assert status_details(invalid).details[0].Unpack(bad_request)
    assert [violation.field for violation in bad_request.field_violations] == ["before.created_at"]


@in_loop
async def test_an_unknown_algorithm_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        for algorithm in ("engagement", "engagement", "random"):
            await served.ask(GetInNetworkPostsRequest(user_id=1, algorithm=algorithm))
    assert caplog.text.count("Unknown algorithm") == 1


@in_loop
async def test_debug_logs_what_came_and_went(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "thunder.serve")
    async with serving() as served:
        served.timelines.result = answer_with(*POSTS)
        await served.ask(GetInNetworkPostsRequest(user_id=1, following_user_ids=[20, 30], exclude_tweet_ids=[5]))
        assert "GetInNetworkPosts" not in caplog.text
        await served.ask(
            GetInNetworkPostsRequest(user_id=1, following_user_ids=[20, 30], exclude_tweet_ids=[5], debug=True)
        )
    assert "Received GetInNetworkPosts request: user_id=1, following_count=2, exclude_tweet_ids=1" in caplog.text
    assert "Returning 2 posts for user 1" in caplog.text


@in_loop
async def test_missing_follows_come_from_the_follow_store() -> None:
    async with serving(follows=FakeFollows({1: [30, 20, 30]})) as served:
        await served.ask(GetInNetworkPostsRequest(user_id=1))
        await served.ask(GetInNetworkPostsRequest(user_id=1, following_user_ids=[40]))
        await served.ask(GetInNetworkPostsRequest(user_id=0))
        asked = [query.following for query in served.timelines.queries]
        looked_up = served.metric("strato_requests_total", endpoint="following", status="success")
        assert served.metric("strato_request_duration_seconds_count") == 1
        assert served.metric("get_in_network_posts_following_size_sum") == 3 + 1 + 0
    assert asked == [(30, 20), (40,), ()]
    assert looked_up == 1


@in_loop
async def test_a_viewer_without_follows_gets_an_empty_answer() -> None:
    async with serving(follows=FakeFollows({1: []})) as served:
        assert await served.ask(GetInNetworkPostsRequest(user_id=1)) == GetInNetworkPostsResponse()
        assert served.metric("strato_requests_total", endpoint="following", status="success") == 1


@in_loop
async def test_a_follow_look_up_ends_with_the_time_of_its_request() -> None:
    async with serving(follows=SilentFollows(), request_timeout_ms=50) as served:
        unavailable = await failure(served.ask, GetInNetworkPostsRequest(user_id=1))
        failed = served.metric("strato_requests_total", endpoint="following", status="error")
        seconds = served.metric("get_in_network_posts_duration_without_strato_seconds_sum")
    assert unavailable.code() is grpc.StatusCode.UNAVAILABLE
    assert failed == 1
    assert seconds < 0.05


@in_loop
async def test_a_failed_follow_look_up_is_never_a_short_answer() -> None:
    async with serving(follows=FakeFollows({})) as served:
        unavailable = await failure(served.ask, GetInNetworkPostsRequest(user_id=1))
        failed = served.metric("strato_requests_total", endpoint="following", status="error")
    assert unavailable.code() is grpc.StatusCode.UNAVAILABLE
    assert failed == 1


@in_loop
async def test_without_a_follow_store_no_follows_means_no_posts() -> None:
    async with serving() as served:
        assert await served.ask(GetInNetworkPostsRequest(user_id=1)) == GetInNetworkPostsResponse()
        assert [query.following for query in served.timelines.queries] == [()]


@pytest.mark.parametrize(
    ("error", "details"),
    [
        (StoreFilling(650), "The store is being filled, please retry"),
        (ServerClockWrong(650), "The clock of this server is wrong, please retry on another"),
    ],
)
@in_loop
async def test_a_store_that_is_being_filled_is_unavailable(error: Exception, details: str) -> None:
    async with serving() as served:
        served.timelines.result = error
        unavailable = await failure(served.ask)
    assert (unavailable.code(), unavailable.details()) == (grpc.StatusCode.UNAVAILABLE, details)
    assert dict(unavailable.trailing_metadata() or ())["grpc-retry-pushback-ms"] == "650"
    assert status_details(unavailable).code == 14
