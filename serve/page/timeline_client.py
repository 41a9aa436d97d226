"""Requests timelines for the page from another thread, subject to the same admission as every caller."""

import asyncio
import time
from typing import NamedTuple, Protocol

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from serve.deadline import Deadline, deadline_of_call
from serve.overload.admission import Ticket
from serve.query import Answer
from serve.rejection import Rejection
from serve.rpc_errors import RpcFailure, resource_exhausted, rpc_failure

_STOPPED = RpcFailure(grpc.StatusCode.UNAVAILABLE, "The server is stopping")

_CALLER = "page"
"""All pages together are one caller."""


class TimedResponse(NamedTuple):
    """An answer, and the seconds that serving took for it."""

    response: GetInNetworkPostsResponse
    seconds: float


class RequestRunner(Protocol):
    """The part of PostsService that a page needs."""

    def admit(self, caller: str, payload_bytes: int) -> Ticket | Rejection:
        """Admit a request, which run() must follow with this ticket, or return why it is rejected."""
        ...

    async def run(self, payload: bytes, ticket: Ticket, deadline: Deadline) -> Answer:
        """Answer a serialised request that was admitted."""
        ...


class TimelineClient:
    """Sends requests to the event loop that serves. timeout: seconds that each may take."""

    def __init__(self, service: RequestRunner, loop: asyncio.AbstractEventLoop, timeout: float) -> None:
        self._service = service
        self._loop = loop
        self._timeout = timeout

    async def request_timeline(self, request: GetInNetworkPostsRequest) -> TimedResponse | RpcFailure:
        """Return the answer, or why there is none. For any event loop; serving may end meanwhile."""
        began = time.perf_counter()
        running = self._run(request.SerializeToString())
        future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(running, self._loop))
        await asyncio.wait([future])
        if future.cancelled():
            return _STOPPED
        ended = future.result()
        if isinstance(ended, RpcFailure):
            return ended
        return TimedResponse(GetInNetworkPostsResponse.FromString(ended.body), time.perf_counter() - began)

    async def _run(self, payload: bytes) -> Answer | RpcFailure:
        admitted = self._service.admit(_CALLER, len(payload))
        if isinstance(admitted, Rejection):
            return resource_exhausted(admitted)
        try:
            return await self._service.run(payload, admitted, deadline_of_call(time.monotonic(), self._timeout, None))
        except Exception as error:  # noqa: BLE001 - the service has logged it
            return rpc_failure(error)
