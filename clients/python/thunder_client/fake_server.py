"""A server in memory, for the tests of programs that use the client: real gRPC, and posts that the test gives it.

It applies the rules that need no knowledge of the store: followed authors, what the query excludes, the viewer's own
reposts, created_after, before, max_results, limits per author, order and has_more. It has no reply filter, no retention
and no caps of its own; a real server has them.
"""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, NamedTuple, Self

import grpc

from thunder_client.connection import METHOD
from thunder_client.errors import InvalidField
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse, LightPost
from thunder_client.status_details import BadRequest, Delay, Detail, FieldViolation, RetryInfo, Status

_SERVICE, _, _NAME = METHOD.lstrip("/").partition("/")
_SERVING = b"\x08\x01"
"""A serialised HealthCheckResponse."""

_DEFAULT_RESULTS, _DEFAULT_VIDEOS = 1200, 600


class _PreparedFailure(NamedTuple):
    code: grpc.StatusCode
    message: str
    details: bytes


class FakeServer:
    """A running server; stop it, or use it as a context manager. Its methods may be called while it serves.

    `with FakeServer([LightPost(post_id=1, author_id=2, created_at=now)]) as server: ThunderClient(server.target)`
    """

    def __init__(self, posts: Iterable[LightPost] = (), follows: Mapping[int, Sequence[int]] | None = None) -> None:
        """Serve the posts on a free port. follows: lists by viewer, for requests that name no authors."""
        self.posts = list(posts)
        self.follows = dict(follows or {})
        self.requests: list[GetInNetworkPostsRequest] = []
        """All requests so far."""
        self._prepared: deque[_PreparedFailure | int] = deque()
        self._server = grpc.server(ThreadPoolExecutor(64))  # each channel that watches the health has one for itself
        handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
            self._answer, GetInNetworkPostsRequest.FromString, GetInNetworkPostsResponse.SerializeToString
        )
        watch: grpc.RpcMethodHandler[Any, Any] = grpc.unary_stream_rpc_method_handler(_stay_healthy)
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(_SERVICE, {_NAME: handler}),
                grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Watch": watch}),
            )
        )
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def answer_partially(self, kept: int = 0) -> None:
        """Mark the next answer as partial, and keep only its first posts."""
        self._prepared.append(kept)

    def fail(
        self,
        code: grpc.StatusCode,
        message: str = "",
        *,
        retry_after: float | None = None,
        fields: Sequence[InvalidField] = (),
    ) -> None:
        """Let the next call fail. Retries of the client are calls of their own."""
        self._prepared.append(_prepared_failure(code, message, retry_after, fields))

    def stop(self) -> None:
        """End the calls and free the port."""
        self._server.stop(None).wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answer(self, request: GetInNetworkPostsRequest, context: grpc.ServicerContext) -> GetInNetworkPostsResponse:
        self.requests.append(request)
        prepared = self._prepared.popleft() if self._prepared else None
        if prepared is None and (invalid := _invalid_field(request)):
            code, text = grpc.StatusCode.INVALID_ARGUMENT, f"{invalid.name}: {invalid.reason}"
            prepared = _prepared_failure(code, text, None, [invalid])
        if isinstance(prepared, _PreparedFailure):
            context.set_trailing_metadata((("grpc-status-details-bin", prepared.details),))
            context.abort(prepared.code, prepared.message)
        response = answer_of(request, self.posts, self.follows.get(request.user_id, ()))
        if prepared is not None:
            del response.posts[prepared:]
            response.partial = response.has_more = True
        return response


def _stay_healthy(_request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    ended = threading.Event()
    if context.add_callback(ended.set):
        yield _SERVING
        ended.wait()


def answer_of(
    request: GetInNetworkPostsRequest, posts: Iterable[LightPost], held: Sequence[int]
) -> GetInNetworkPostsResponse:
    """The answer out of these posts. held: the follow list of the viewer."""
    following = set(request.following_user_ids or held)
    found = sorted(
        (post for post in posts if post.author_id in following and _passes(request, post)),
        key=lambda post: (-post.created_at, -post.post_id),
    )
    if not request.is_video_request:
        found = _within_limits(request, found)
    if request.HasField("before"):
        before = (request.before.created_at, request.before.post_id)
        found = [post for post in found if (post.created_at, post.post_id) < before]
    size = request.max_results or (_DEFAULT_VIDEOS if request.is_video_request else _DEFAULT_RESULTS)
    return GetInNetworkPostsResponse(posts=found[:size], has_more=len(found) > size)


def _passes(request: GetInNetworkPostsRequest, post: LightPost) -> bool:
    is_excluded = (
        post.post_id in request.exclude_tweet_ids
        or post.author_id in request.exclude_author_ids
        or (post.is_retweet and post.source_user_id in (request.user_id, *request.exclude_author_ids))
        or (request.exclude_replies and post.is_reply)
        or (request.exclude_reposts and post.is_retweet)
    )
    is_asked_for = post.has_video or not request.is_video_request
    return is_asked_for and not is_excluded and (request.created_after == 0 or post.created_at > request.created_after)


def _within_limits(request: GetInNetworkPostsRequest, posts: Iterable[LightPost]) -> list[LightPost]:
    limits, counts, kept = request.per_author_limits, Counter[tuple[int, bool]](), list[LightPost]()
    for post in posts:
        is_other = post.is_reply or post.is_retweet
        name = "max_replies_reposts_per_author" if is_other else "max_posts_per_author"
        counts[post.author_id, is_other] += 1
        if not limits.HasField(name) or counts[post.author_id, is_other] <= getattr(limits, name):
            kept.append(post)
    return kept


def _invalid_field(request: GetInNetworkPostsRequest) -> InvalidField | None:
    if request.user_id >= 2**63:
        return InvalidField("user_id", f"must be at most {2**63 - 1}")
    if request.created_after < 0:
        return InvalidField("created_after", "must be 0 or more")
    if request.HasField("before"):
        for name, value in (("created_at", request.before.created_at), ("post_id", request.before.post_id)):
            if value <= 0:
                return InvalidField(f"before.{name}", "must be above 0")
    return None


def _prepared_failure(
    code: grpc.StatusCode, message: str, retry_after: float | None, fields: Sequence[InvalidField]
) -> _PreparedFailure:
    details: list[Detail] = []
    if retry_after is not None:
        delay = Delay(seconds=int(retry_after), nanos=int(retry_after % 1 * 1e9))
        details.append(_detail("RetryInfo", RetryInfo(retry_delay=delay).SerializeToString()))
    if fields:
        violations = [FieldViolation(field=each.name, description=each.reason) for each in fields]
        details.append(_detail("BadRequest", BadRequest(field_violations=violations).SerializeToString()))
    status = Status(code=code.value[0], message=message, details=details)
    return _PreparedFailure(code, message, status.SerializeToString())


def _detail(name: str, value: bytes) -> Detail:
    return Detail(type_url=f"type.googleapis.com/google.rpc.{name}", value=value)
