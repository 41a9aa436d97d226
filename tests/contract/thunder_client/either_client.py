"""Both clients behind one interface, so that each test runs on either."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, Unpack

from thunder_client import AsyncThunderClient, ClientOptions, Cursor, PostQuery, Refreshed, ThunderClient, Timeline
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse


class EitherClient(Protocol):
    """Methods that the tests call."""

    def timeline(
        self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]
    ) -> Timeline: ...

    def pages(
        self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]
    ) -> Iterator[Timeline]: ...

    def refresh(
        self,
        since: Timeline | Cursor | int,
        *,
        strict: bool = False,
        overlap_seconds: int = 60,
        timeout: float | None = None,
        **query: Unpack[PostQuery],
    ) -> Refreshed: ...

    def call(
        self,
        request: GetInNetworkPostsRequest,
        timeout: float | None = None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> GetInNetworkPostsResponse: ...

    def close(self) -> None: ...


class InLoop:
    """The client for asyncio, in an event loop of its own."""

    def __init__(self, target: str, **options: Unpack[ClientOptions]) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncThunderClient(target, **options)

    def timeline(self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]) -> Timeline:
        return self._runner.run(self._client.timeline(strict=strict, timeout=timeout, **query))

    def pages(
        self, *, strict: bool = False, timeout: float | None = None, **query: Unpack[PostQuery]
    ) -> Iterator[Timeline]:
        pages = self._client.pages(strict=strict, timeout=timeout, **query)

        async def following() -> Timeline | None:
            return await anext(pages, None)

        while (page := self._runner.run(following())) is not None:
            yield page

    def refresh(
        self,
        since: Timeline | Cursor | int,
        *,
        strict: bool = False,
        overlap_seconds: int = 60,
        timeout: float | None = None,
        **query: Unpack[PostQuery],
    ) -> Refreshed:
        refreshed = self._client.refresh(
            since, strict=strict, overlap_seconds=overlap_seconds, timeout=timeout, **query
        )
        return self._runner.run(refreshed)

    def call(
        self,
        request: GetInNetworkPostsRequest,
        timeout: float | None = None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> GetInNetworkPostsResponse:
        return self._runner.run(self._client.call(request, timeout, metadata))

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


Connect = Callable[..., EitherClient]
"""Makes a client from a target and options; it is closed after the test."""

KINDS: dict[str, Callable[..., EitherClient]] = {"threads": ThunderClient, "asyncio": InLoop}
