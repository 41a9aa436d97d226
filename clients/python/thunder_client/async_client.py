"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import grpc

from thunder_client.connection import METHOD, ClientConnection, ClientOptions, ForkGuard
from thunder_client.errors import PartialTimelineError, client_error
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from thunder_client.paging import PageReader
from thunder_client.query import PostQuery, request_of
from thunder_client.refreshing import OVERLAP_SECONDS, RefreshReader
from thunder_client.timeline import Cursor, Refreshed, Timeline

if TYPE_CHECKING:  # grpc's classes are generic only there
    _AsyncCall = grpc.aio.UnaryUnaryMultiCallable[GetInNetworkPostsRequest, GetInNetworkPostsResponse]


class AsyncThunderClient:
    """As ThunderClient, for the tasks of one event loop, in which it connects at the first call."""

    def __init__(self, target: str, **options: Unpack[ClientOptions]) -> None:
        self._connection = ClientConnection(target, **options)
        self._guard = ForkGuard()
        self._channel: grpc.aio.Channel | None = None
        self._call: _AsyncCall | None = None

    async def timeline(
        self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]
    ) -> Timeline:
        """As ThunderClient.timeline."""
        timeline = Timeline.of(await self.call(request_of(**query), timeout))
        if strict and timeline.partial:
            raise PartialTimelineError(timeline)
        return timeline

    async def pages(
        self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]
    ) -> AsyncIterator[Timeline]:
        """As ThunderClient.pages."""
        reader = PageReader(request_of(**query), strict=strict)
        while not reader.ended:
            await asyncio.sleep(reader.delay)
            page = reader.receive(Timeline.of(await self.call(reader.request, timeout)))
            if page is not None:
                yield page

    async def refresh(
        self,
        since: Timeline | Cursor | int,
        *,
        strict: bool = False,
        overlap_seconds: int = OVERLAP_SECONDS,
        timeout: float | None = None,
        **query: Unpack[PostQuery],
    ) -> Refreshed:
        """As ThunderClient.refresh: deletions and posts that arrive later than the overlap need a full read."""
        reader = RefreshReader(since, query, overlap_seconds)
        while not reader.pages.ended:
            await asyncio.sleep(reader.pages.delay)
            reader.receive(Timeline.of(await self.call(reader.pages.request, timeout)))
        return reader.result(strict=strict)

    async def call(
        self,
        request: GetInNetworkPostsRequest,
        timeout: float | None = None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> GetInNetworkPostsResponse:
        """As ThunderClient.call."""
        try:
            return await self._opened()(
                request,
                timeout=self._connection.timeout if timeout is None else timeout,
                metadata=grpc.aio.Metadata(*self._connection.metadata(), *metadata),
            )
        except grpc.aio.AioRpcError as error:
            raise client_error(error.code(), error.details() or "", error.trailing_metadata()) from error

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        channel, self._channel, self._call = self._channel, None, None
        if channel is not None and not self._guard.is_foreign:
            await channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _opened(self) -> "_AsyncCall":
        self._guard.check()
        if self._call is None:
            self._channel = self._connection.async_channel()
            self._call = self._channel.unary_unary(
                METHOD, GetInNetworkPostsRequest.SerializeToString, GetInNetworkPostsResponse.FromString
            )
            self._guard.opened()
        return self._call
