"""The rpc GetInNetworkPosts: bytes in, bytes out, and a status where there is no answer."""

import asyncio

import grpc

from common.telemetry.tracing import TRACEPARENT, is_tracing, span
from serve.rpc.authentication import Authenticator
from serve.rpc.deadline import time_to_read
from serve.rpc.intake import RequestIntake
from serve.rpc_errors import RpcFailure

Context = grpc.aio.ServicerContext[bytes, bytes]

_ASKS_FOR_ENCODING = frozenset({"accept-encoding", "response-encoding"})
"""Metadata in which callers may ask for an encoding: the Node library overwrites the first with its own."""


class InNetworkPostsServicer:
    """Takes calls in and ends each with an answer or a status."""

    def __init__(self, intake: RequestIntake, guard: Authenticator, request_timeout: float | None) -> None:
        self._intake = intake
        self._guard = guard
        self._request_timeout = request_timeout
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> frozenset[asyncio.Task[None]]:
        """The admitted calls that have not ended yet: a task ends when the caller has been answered."""
        return frozenset(self._calls)

    async def get_in_network_posts(self, payload: bytes, context: Context) -> bytes:
        """Serialised request to serialised response."""
        refusal = self._guard.refusal(context) or self._intake.admit()
        if refusal:
            await context.abort(*refusal)
        self._remember_call()
        with span("GetInNetworkPosts", parent=_traceparent_of(context)):
            ended = await self._intake.run(payload, time_to_read(self._request_timeout, context.time_remaining()))
        if isinstance(ended, RpcFailure):
            await context.abort(*ended)
        if _asks_for_gzip(context):
            context.set_compression(grpc.Compression.Gzip)
            # An answer is compressed only when the initial metadata that says so went out before it.
            await context.send_initial_metadata(())
        return ended.body

    def _remember_call(self) -> None:
        call = asyncio.current_task()
        if call is not None:
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)


def _asks_for_gzip(context: Context) -> bool:
    # gRPC's own grpc-accept-encoding is sent by every client and says only what it could read.
    metadata = context.invocation_metadata() or ()
    return any(key in _ASKS_FOR_ENCODING and "gzip" in str(value) for key, value in metadata)


def _traceparent_of(context: Context) -> str:
    if not is_tracing():
        return ""
    metadata = context.invocation_metadata() or ()
    return next((str(value) for key, value in metadata if key == TRACEPARENT), "")
