"""Asking a server's health service."""

from collections.abc import AsyncIterator, Callable
from typing import cast

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

_encode: Callable[[HealthCheckRequest], bytes] = HealthCheckRequest.SerializeToString


async def check_health(channel: grpc.aio.Channel, service: str) -> int:
    """Status of a service; "" is the whole server."""
    check = channel.unary_unary("/grpc.health.v1.Health/Check", _encode, HealthCheckResponse.FromString)
    response: HealthCheckResponse = await check(HealthCheckRequest(service=service))
    return response.status


async def watch_health(channel: grpc.aio.Channel, service: str) -> AsyncIterator[int]:
    """Statuses of a service as they change."""
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch", _encode, HealthCheckResponse.FromString)
    async for response in cast("AsyncIterator[HealthCheckResponse]", watch(HealthCheckRequest(service=service))):
        yield response.status
