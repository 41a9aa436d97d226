"""The rpc GetInNetworkPosts: serialised request in, serialised response or gRPC status out."""

import asyncio
import time
from typing import cast

import grpc

from common.telemetry.tracing import TRACEPARENT, is_tracing, span
from serve.deadline import deadline_of_call
from serve.overload.admission import Ticket
from serve.query import Answer
from serve.rejection import Rejection
from serve.request import oversized
from serve.rpc.authentication import Authenticator
from serve.rpc.posts_service import PostsService
from serve.rpc_errors import NO_REQUEST, RpcFailure, invalid_argument, resource_exhausted, rpc_failure

Context = grpc.aio.ServicerContext[bytes, bytes]

_ASKS_FOR_ENCODING = frozenset({"accept-encoding", "response-encoding"})
"""Metadata in which callers may ask for an encoding: the Node library overwrites the first with its own."""


class InNetworkPostsServicer:
    """Authenticates calls, sets their deadlines, and ends each with a response or a status."""

    def __init__(
        self, service: PostsService, authenticator: Authenticator, request_timeout: float | None, max_bytes: int
    ) -> None:
        """max_bytes: size of the largest request; request_timeout in seconds, None for no limit."""
        self._service = service
        self._max_bytes = max_bytes
        self._authenticator = authenticator
        self._request_timeout = request_timeout
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> frozenset[asyncio.Task[None]]:
        """The admitted calls that have not ended yet: a task ends when the caller has been answered."""
        return frozenset(self._calls)

    async def get_in_network_posts(self, _: object, context: Context) -> bytes:
        """Answer a serialised request with a serialised response.

        Registered as a method that reads its request itself: a call that is rejected is not read at all.
        """
        if failure := self._authenticator.authenticate(context):
            await context.abort(*failure)
        caller = self._authenticator.caller_of(context)
        payload = await self._read_request(caller, context)
        if len(payload) > self._max_bytes:
            self._service.refuse_invalid()
            await context.abort(*invalid_argument(oversized(len(payload), self._max_bytes)))
        admitted = self._service.admit(caller, len(payload))
        if isinstance(admitted, Rejection):
            await context.abort(*resource_exhausted(admitted))
            return b""  # never reached: abort raises
        call = self._remember_call()
        with span("GetInNetworkPosts", parent=_traceparent_of(context)):
            ended = await self._run(payload, admitted, context)
        if isinstance(ended, RpcFailure):
            await context.abort(*ended)
        if _asks_for_gzip(context):
            context.set_compression(grpc.Compression.Gzip)
            # An answer is compressed only when the initial metadata that says so went out before it.
            await context.send_initial_metadata(())
        self._count_until_sent(call, caller, len(ended.body))
        return ended.body

    async def _read_request(self, caller: str, context: Context) -> bytes:
        if rejection := self._service.open_call(caller):
            await context.abort(*resource_exhausted(rejection))
        try:
            payload = await context.read()
        finally:
            self._service.close_call(caller)
        if payload is grpc.aio.EOF:
            await context.abort(*NO_REQUEST)
        return payload

    async def _run(self, payload: bytes, ticket: Ticket, context: Context) -> Answer | RpcFailure:
        deadline = deadline_of_call(time.monotonic(), self._request_timeout, context.time_remaining())
        try:
            return await self._service.run(payload, ticket, deadline)
        except Exception as error:  # noqa: BLE001 - the service has logged it
            return rpc_failure(error)

    def _remember_call(self) -> "asyncio.Task[None]":
        call = cast("asyncio.Task[None]", asyncio.current_task())
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return call

    def _count_until_sent(self, call: "asyncio.Task[None]", caller: str, size: int) -> None:
        self._service.hold_answer(caller, size)
        call.add_done_callback(lambda _: self._service.drop_answer(caller, size))


def _asks_for_gzip(context: Context) -> bool:
    # gRPC's own grpc-accept-encoding is sent by every client and says only what it could read.
    metadata = context.invocation_metadata() or ()
    return any(key in _ASKS_FOR_ENCODING and "gzip" in str(value) for key, value in metadata)


def _traceparent_of(context: Context) -> str:
    if not is_tracing():
        return ""
    metadata = context.invocation_metadata() or ()
    return next((str(value) for key, value in metadata if key == TRACEPARENT), "")
