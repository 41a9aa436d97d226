"""Asking a server's health service."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import cast

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

_encode: Callable[[HealthCheckRequest], bytes] = HealthCheckRequest.SerializeToString


async def check_health(channel: grpc.aio.Channel, service: str) -> int:
    """Status of a service; "" is the whole server."""
    check = channel.unary_unary("/grpc.health.v1.Health/Check", _encode, HealthCheckResponse.FromString)
    response: HealthCheckResponse = await check(HealthCheckRequest(service=service))
    return response.status


async def watch_health(channel: grpc.aio.Channel, service: str) -> AsyncGenerator[int]:
    """Statuses of a service as they change; the stream ends with the generator."""
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch", _encode, HealthCheckResponse.FromString)
    call = watch(HealthCheckRequest(service=service))
    try:
        async for response in cast("AsyncIterator[HealthCheckResponse]", call):
            yield response.status
    finally:
        call.cancel()
