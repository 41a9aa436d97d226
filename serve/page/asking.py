"""Asking for timelines from another thread: the page asks as every caller does, and is refused as every caller is."""

import asyncio
import time
from typing import NamedTuple

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from serve.intake import Intake
from serve.query import Answer
from serve.statuses import RpcFailure


class TimedResponse(NamedTuple):
    """An answer, and how long serving took for it."""

    response: GetInNetworkPostsResponse
    seconds: float


class Asker:
    """Hands requests over to the event loop that serves. budget: seconds that each may take."""

    def __init__(self, intake: Intake, loop: asyncio.AbstractEventLoop, budget: float) -> None:
        self._intake = intake
        self._loop = loop
        self._budget = budget

    async def ask(self, request: GetInNetworkPostsRequest) -> TimedResponse | RpcFailure:
        """The answer, or why there is none. To be awaited in any event loop, as long as serving goes on."""
        began = time.perf_counter()
        asked = asyncio.run_coroutine_threadsafe(self._ask(request.SerializeToString()), self._loop)
        ended = await asyncio.wrap_future(asked)
        if isinstance(ended, RpcFailure):
            return ended
        return TimedResponse(GetInNetworkPostsResponse.FromString(ended.body), time.perf_counter() - began)

    async def _ask(self, payload: bytes) -> Answer | RpcFailure:
        return self._intake.admit() or await self._intake.run(payload, self._budget)
