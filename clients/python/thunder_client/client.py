"""The client for threads."""

import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack, cast

import grpc

from thunder_client.connection import METHOD, ClientConnection, ClientOptions, ForkGuard
from thunder_client.errors import PartialTimelineError, Trailers, client_error
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from thunder_client.paging import PageReader
from thunder_client.query import PostQuery, request_of
from thunder_client.refreshing import OVERLAP_SECONDS, RefreshReader
from thunder_client.timeline import Cursor, Refreshed, Timeline

if TYPE_CHECKING:  # grpc's classes are generic only there
    _Call = grpc.UnaryUnaryMultiCallable[GetInNetworkPostsRequest, GetInNetworkPostsResponse]


class ThunderClient:
    """Asks the servers of a target such as dns:///thunder:50051, or one server at HOST:PORT. Threads may share it.

    It connects at the first call, so that it can be made before a fork; used before one, it raises ForkedClientError in
    the child. Close it, or use it as a context manager.
    """

    def __init__(self, target: str, **options: Unpack[ClientOptions]) -> None:
        self._connection = ClientConnection(target, **options)
        self._guard = ForkGuard()
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._call: _Call | None = None

    def timeline(self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]) -> Timeline:
        """The newest posts. strict: raise PartialTimelineError instead of returning a partial answer.

        Raises ClientError: CapacityError, InvalidRequestError, UnavailableError, DeadlineError or AccessError.
        """
        timeline = Timeline.of(self.call(request_of(**query), timeout))
        if strict and timeline.partial:
            raise PartialTimelineError(timeline)
        return timeline

    def pages(
        self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]
    ) -> Iterator[Timeline]:
        """All pages from the newest post, or from `before`, to the oldest, of max_results posts each.

        A partial page is asked for again, four times in all. One that stays partial is raised when strict, with its
        posts; otherwise it is returned marked as partial, and the next page begins after its last post. An empty
        partial page is the last one: to go on, ask again from the page before it. timeout is that of each call.
        """
        reader = PageReader(request_of(**query), strict=strict)
        while not reader.ended:
            time.sleep(reader.delay)
            page = reader.receive(Timeline.of(self.call(reader.request, timeout)))
            if page is not None:
                yield page

    def refresh(
        self,
        since: Timeline | Cursor | int,
        *,
        strict: bool = False,
        overlap_seconds: int = OVERLAP_SECONDS,
        timeout: float | None = None,
        **query: Unpack[PostQuery],
    ) -> Refreshed:
        """The posts that are new since a timeline, since the cursor of a refresh, or since a time in Unix seconds.

        It reads from overlap_seconds before the newest known post on, since posts arrive late and out of order, and
        leaves out those that were returned already. It does not say which posts were deleted, nor find those that
        arrive later than the overlap: for both, make a full read (`timeline` or `pages`) from time to time. With a
        partial result posts may be missing; the next refresh with its cursor brings them.
        `before` and `created_after` of the query are ignored. Raises what `timeline` raises.
        """
        reader = RefreshReader(since, query, overlap_seconds)
        while not reader.pages.ended:
            time.sleep(reader.pages.delay)
            reader.receive(Timeline.of(self.call(reader.pages.request, timeout)))
        return reader.result(strict=strict)

    def call(
        self,
        request: GetInNetworkPostsRequest,
        timeout: float | None = None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> GetInNetworkPostsResponse:
        """Send a request as it is, with more metadata. Raises ClientError."""
        try:
            return self._opened()(
                request,
                timeout=self._connection.timeout if timeout is None else timeout,
                metadata=(*self._connection.metadata(), *metadata),
            )
        except grpc.RpcError as error:
            trailers = cast("Trailers", error.trailing_metadata() or ())
            raise client_error(error.code(), error.details() or "", trailers) from error

    def close(self) -> None:
        """Close the connections; the next call opens them again. A child that was forked off leaves its parent's."""
        with self._lock:
            channel, self._channel, self._call = self._channel, None, None
        if channel is not None and not self._guard.is_foreign:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> "_Call":
        self._guard.check()
        with self._lock:
            if self._call is None:
                self._channel = self._connection.channel()
                self._call = self._channel.unary_unary(
                    METHOD, GetInNetworkPostsRequest.SerializeToString, GetInNetworkPostsResponse.FromString
                )
                self._guard.opened()
            return self._call
