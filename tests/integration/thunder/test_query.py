import json
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from common.pb.thunder.v1.in_network_pb2 import (
    Adjustment,
    AdjustmentKind,
    GetInNetworkPostsRequest,
    GetInNetworkPostsResponse,
    LightPost,
    Position,
)
from thunder.cli.main import main
from thunder.client import AskFailed, PostsClient
from thunder_client import messages

SERVICE = "thunder.v1.InNetworkPostsService"


class Server:
    """Answers every call with what is set, and keeps the last request."""

    def __init__(self) -> None:
        self.response = GetInNetworkPostsResponse()
        self.pages: list[GetInNetworkPostsResponse] = []
        self.requests: list[GetInNetworkPostsRequest] = []
        self.failure: tuple[grpc.StatusCode, str] | None = None
        self.request: GetInNetworkPostsRequest | None = None
        self._server = grpc.server(ThreadPoolExecutor(2))
        handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
            self._answer, GetInNetworkPostsRequest.FromString, GetInNetworkPostsResponse.SerializeToString
        )
        methods = {"GetInNetworkPosts": handler}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _answer(self, request: GetInNetworkPostsRequest, context: grpc.ServicerContext) -> GetInNetworkPostsResponse:
        self.request = request
        self.requests.append(request)
        if self.failure is not None:
            context.abort(*self.failure)
        return self.pages.pop(0) if self.pages else self.response

    def stop(self) -> None:
        self._server.stop(None).wait()


@pytest.fixture
def server() -> Generator[Server]:
    running = Server()
    yield running
    running.stop()


def query(server: Server, *arguments: str) -> int:
    return main(["query", "--address", server.address, *arguments])


def timeline() -> list[LightPost]:
    now = int(time.time())
    return [
        LightPost(post_id=12, author_id=3, created_at=now - 5, is_retweet=True, source_user_id=9),
        LightPost(post_id=11, author_id=2, created_at=now - 7200, has_video=True),
    ]


def test_every_option_is_in_the_request(server: Server) -> None:
    line = (
        "--user 7 --following 3,2,18446744073709551615 --exclude 5, --max-results 20 --video --before 50,6"
        " --exclude-authors 8,9 --exclude-replies --exclude-reposts"
    )

    assert query(server, *line.split()) == 0

    assert server.request == GetInNetworkPostsRequest(
        user_id=7,
        following_user_ids=[3, 2, 2**64 - 1],
        exclude_tweet_ids=[5],
        max_results=20,
        is_video_request=True,
        before=Position(created_at=50, post_id=6),
        exclude_author_ids=[8, 9],
        exclude_replies=True,
        exclude_reposts=True,
    )


@pytest.mark.parametrize(("span", "seconds"), [("90", 90), ("45s", 45), ("5m", 300), ("2h", 7200), ("1d", 86_400)])
def test_a_span_of_time_becomes_a_time(server: Server, span: str, seconds: int) -> None:
    began = int(time.time())
    assert query(server, "--since", span) == 0
    assert server.request is not None
    assert began - seconds <= server.request.created_after <= time.time() - seconds


def test_pages_follow_each_other(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = timeline()
    server.pages = [
        GetInNetworkPostsResponse(posts=[first], has_more=True),
        GetInNetworkPostsResponse(posts=[second]),
        GetInNetworkPostsResponse(posts=timeline()),
    ]
    assert query(server, "--max-results", "1", "--pages", "9") == 0

    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out] == ["12", "11", "2"]
    befores = [request.before for request in server.requests]
    assert befores == [Position(), Position(created_at=first.created_at, post_id=first.post_id)]


@pytest.mark.parametrize("partial", [True, False])
def test_pages_end_at_a_partial_one(server: Server, capsys: pytest.CaptureFixture[str], partial: bool) -> None:
    posts = timeline()
    server.response = GetInNetworkPostsResponse(posts=posts, has_more=True, partial=partial)
    assert query(server, "--pages", "2") == 0
    *_, summary, more = capsys.readouterr().out.splitlines()
    assert len(server.requests) == (1 if partial else 2)
    assert ("partial" in summary) == partial
    assert more == f"there are older posts: --before {posts[1].created_at},11"


def test_the_address_may_be_in_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THUNDER_ADDRESS", server.address)
    assert main(["query"]) == 0
    assert len(server.requests) == 1
    monkeypatch.setenv("THUNDER_ADDRESS", "127.0.0.1:9")
    assert query(server) == 0


def test_the_answer_is_a_line_per_post(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.response = GetInNetworkPostsResponse(posts=timeline())

    assert query(server, "--following", "2,3") == 0

    first, second, summary = capsys.readouterr().out.splitlines()
    assert first.split() == ["12", "5", "s", "3", "repost", "of", "9"]
    assert second.split() == ["11", "2", "h", "2", "video"]
    assert summary.startswith("2 posts, the newest 5 s old; answered in ")


def test_a_post_of_this_second_is_just_written(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    (newest, _) = timeline()
    newest.created_at = int(time.time()) + 1
    server.response = GetInNetworkPostsResponse(posts=[newest])
    assert query(server) == 0
    line, summary = capsys.readouterr().out.splitlines()
    assert line.split()[1] == "now"
    assert summary.startswith("1 post, the newest just written; answered in ")


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_no_terminal_is_too_narrow_for_ids(
    columns: int, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = range(2**63 - 3, 2**63)
    server.response = GetInNetworkPostsResponse(
        posts=[LightPost(post_id=ids[0], author_id=ids[1], is_retweet=True, source_user_id=ids[2])]
    )
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")

    assert query(server) == 0

    shown = capsys.readouterr().out
    assert all(str(number) in shown for number in ids)
    assert "…" not in shown


def test_an_empty_and_a_cut_answer_say_so(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.response = GetInNetworkPostsResponse(partial=True)

    assert query(server) == 0

    assert capsys.readouterr().out.startswith("no posts, partial: the server could not read everything")


def test_a_query_that_finds_nothing_says_what_was_asked(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    cut = Adjustment(kind=AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_CUT, given=20_000, used=10_000)
    server.response = GetInNetworkPostsResponse(adjustments=[cut])

    assert query(server, "--following", "1,2,3,4,5,6") == 0

    summary, change, asked, advice = capsys.readouterr().out.splitlines()
    assert summary.startswith("no posts; answered in ")
    assert change == "the server changed the request: the list of followed authors was cut: 10,000 of 20,000 used"
    assert asked == f"asked {server.address} for posts of 6 authors (1, 2, 3, 4, 5, ...)"
    assert advice == "`thunder doctor --role serve`, with the settings of the server, checks what it needs"


def test_the_answer_is_one_json_object(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.response = GetInNetworkPostsResponse(posts=timeline())

    assert query(server, "--json") == 0

    answer = json.loads(capsys.readouterr().out)
    assert [(post["post_id"], post["kind"]) for post in answer["posts"]] == [(12, "repost"), (11, "video")]
    assert answer["partial"] is False
    assert answer["took_ms"] > 0
    assert answer["newest_age_s"] == pytest.approx(5, abs=2)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (grpc.StatusCode.UNAVAILABLE, "is not available. Is the server running there?"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "is at capacity; try again later"),
        (grpc.StatusCode.INVALID_ARGUMENT, "does not accept the request"),
        (grpc.StatusCode.INTERNAL, "failed"),
    ],
)
def test_an_error_of_the_server_is_explained(
    server: Server, capsys: pytest.CaptureFixture[str], code: grpc.StatusCode, message: str
) -> None:
    server.failure = (code, "the reason")

    assert query(server) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"thunder query: {server.address} {message} ({code.name}: the reason)\n"


def test_refused_connection_asks_whether_the_server_runs(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.stop()

    assert query(server) == 1

    assert f"{server.address} is not available. Is the server running there? (UNAVAILABLE" in capsys.readouterr().err


def test_the_timeout_ends_a_query() -> None:
    sockets = grpc.server(ThreadPoolExecutor(1))
    port = sockets.add_insecure_port("127.0.0.1:0")  # never started: it takes connections and says nothing

    with PostsClient(f"127.0.0.1:{port}") as client, pytest.raises(AskFailed) as failure:
        client.ask(messages.GetInNetworkPostsRequest(), timeout=0.2)

    assert failure.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "has not answered within 0.2 s" in str(failure.value)


def test_no_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    assert query(server) == 0


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--following 1,x", "--following: should be a whole number, 0 or above, not text of 1 characters"),
        ("--following 18446744073709551616", "--following: should be less than or equal to 18446744073709551615"),
        ("--user -1", "--user: should be a whole number, 0 or above, not a 1-digit number"),
        ("--max-results 4294967296", "--max-results: should be less than or equal to 4294967295"),
        ("--since 5x", "--since: should be a number with s, m, h or d behind it, such as 5m, not text of 2 characters"),
        ("--since -5m", "--since: should be a number with s, m, h or d behind it, such as 5m"),
        ("--before 5", "--before needs a time and a post id: TIME,ID"),
        ("--before 5,6,7", "--before: "),
        ("--before 18446744073709551615,1", "--before: "),
        ("--pages 0", "--pages: should be greater than or equal to 1"),
        ("--timeout 0", "--timeout: should be greater than 0"),
        ("--timeout nan", "--timeout: should be a finite number"),
        ("--follow 1", "--follow: no such flag; did you mean --following?"),
    ],
)
def test_a_query_that_makes_no_sense_is_not_sent(line: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", *line.split()]) == 2
    assert f"thunder query: {complaint}" in capsys.readouterr().err
