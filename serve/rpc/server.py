"""The gRPC server: its limits, health, reflection, and how it stops."""

import asyncio
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer  # public as health.aio, which type checkers do not see
from grpc_health.v1.health import SERVICE_NAME as HEALTH_SERVICE
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection

from common.errors import ConfigurationError
from common.pb.thunder.v1.in_network_pb2 import DESCRIPTOR
from common.settings.serve import CallerSettings, GrpcSettings
from serve.rpc.connections import cut_connections
from serve.rpc.servicer import InNetworkPostsServicer
from serve.rpc.tls import server_credentials

SERVICE = DESCRIPTOR.services_by_name["InNetworkPostsService"].full_name

_CALLS_PER_ADMITTED = 4

_PROBES = 16
"""Calls at once to the health service when it has a port of its own."""

_LEAVE_SECONDS = 0.1
"""For callers who watch our health to go elsewhere."""

_REST_SECONDS = 1.0
"""For gRPC to end what the cut has left of a call."""


class GrpcServer:
    """Bound to its port when made, inside a running event loop. Alive from start() on; ready when told so."""

    def __init__(self, servicer: InNetworkPostsServicer, settings: CallerSettings, drain_seconds: float) -> None:
        """ConfigurationError."""
        self._servicer = servicer
        self._server = grpc.aio.server(
            options=_options(settings, drain_seconds),
            # Far behind our own admission, whose refusals say when to come back: this bounds what waits before it.
            # One connection alone, with calls that never send their request, cannot use it up.
            maximum_concurrent_rpcs=(
                settings.max_concurrent_requests * _CALLS_PER_ADMITTED + settings.max_streams_per_connection
            ),
        )
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "GetInNetworkPosts": grpc.unary_unary_rpc_method_handler(servicer.get_in_network_posts)
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        self._health = HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflection:
            names = (SERVICE, HEALTH_SERVICE, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        self.port = _bind(self._server, settings, "grpc_port", server_credentials(settings))
        self._probed = self._health_alone(settings)

    async def start(self) -> None:
        """Take calls."""
        await self.announce(ready=False)
        await self._server.start()
        if self._probed:
            await self._probed.start()

    async def announce(self, *, ready: bool) -> None:
        """Set the health of the service; the server's overall health says that it is alive."""
        status = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
        await self._health.set(SERVICE, status)

    async def stop(self, grace: float) -> None:
        """Say NOT_SERVING, let the calls in flight end within grace seconds, then cut the connections and stop.

        Calls go on being answered meanwhile; what is on its way at the cut is UNAVAILABLE to its callers.
        """
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(_LEAVE_SECONDS)
        if calls := self._servicer.calls:
            await asyncio.wait(calls, timeout=grace)
        cut_connections(self.port)
        await self._server.stop(_REST_SECONDS)
        if self._probed:
            await self._probed.stop(None)

    def _health_alone(self, settings: CallerSettings) -> grpc.aio.Server | None:
        """A server without encryption for those who probe, and for nothing else."""
        if settings.health_port is None:
            return None
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)], maximum_concurrent_rpcs=_PROBES)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        _bind(server, settings, "health_port", None)
        return server


def _bind(
    server: grpc.aio.Server, settings: CallerSettings, setting: str, credentials: grpc.ServerCredentials | None
) -> int:
    """The port that was bound. credentials: None for no encryption. ConfigurationError."""
    host = f"[{settings.grpc_host}]" if ":" in settings.grpc_host else settings.grpc_host
    address = f"{host}:{getattr(settings, setting)}"
    try:
        return server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    except RuntimeError as error:
        flag = setting.replace("_", "-")
        raise ConfigurationError(f"gRPC cannot listen on {address} (--{flag}): is the port taken?") from error


def _options(settings: GrpcSettings, drain_seconds: float) -> list[tuple[str, int]]:
    """Channel arguments of gRPC: sizes in bytes, times in ms."""
    return [
        ("grpc.so_reuseport", 0),  # else a left-over server answers some of our calls
        ("grpc.max_receive_message_length", settings.max_request_bytes),
        ("grpc.max_metadata_size", 8 * 1024),
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        ("grpc.max_connection_age_ms", settings.max_connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", int(drain_seconds * 1000)),
        ("grpc.keepalive_time_ms", settings.keepalive_seconds * 1000),
        ("grpc.keepalive_timeout_ms", settings.keepalive_timeout_seconds * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", settings.min_ping_interval_seconds * 1000),
    ]
