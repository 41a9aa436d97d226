"""Asking for timelines from another thread: the page asks as every caller does, and is refused as every caller is."""

import asyncio
import time
from typing import NamedTuple, Protocol

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from serve.query import Answer
from serve.rpc_errors import RpcFailure

_STOPPED = RpcFailure(grpc.StatusCode.UNAVAILABLE, "The server stops")


class TimedResponse(NamedTuple):
    """An answer, and how long serving took for it."""

    response: GetInNetworkPostsResponse
    seconds: float


class RequestRunner(Protocol):
    """The part of serve.intake.Intake that a page needs."""

    def admit(self) -> RpcFailure | None:
        """Why a request is refused; None when it is admitted, and then run() must follow."""
        ...

    async def run(self, payload: bytes, budget: float | None) -> Answer | RpcFailure:
        """How a serialised request ends, within budget seconds."""
        ...


class TimelineAsker:
    """Hands requests over to the event loop that serves. budget: seconds that each may take."""

    def __init__(self, intake: RequestRunner, loop: asyncio.AbstractEventLoop, budget: float) -> None:
        self._intake = intake
        self._loop = loop
        self._budget = budget

    async def ask(self, request: GetInNetworkPostsRequest) -> TimedResponse | RpcFailure:
        """The answer, or why there is none. To be awaited in any event loop; serving may end meanwhile."""
        began = time.perf_counter()
        asking = self._ask(request.SerializeToString())
        asked = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asking, self._loop))
        await asyncio.wait([asked])
        if asked.cancelled():
            return _STOPPED
        ended = asked.result()
        if isinstance(ended, RpcFailure):
            return ended
        return TimedResponse(GetInNetworkPostsResponse.FromString(ended.body), time.perf_counter() - began)

    async def _ask(self, payload: bytes) -> Answer | RpcFailure:
        return self._intake.admit() or await self._intake.run(payload, self._budget)
