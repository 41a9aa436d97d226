"""The gRPC server: limits, health, reflection, draining and shutdown."""

import asyncio
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH_SERVICE
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha._async import ReflectionServicer  # public as reflection.aio, as above
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from common.errors import ConfigurationError
from common.pb.thunder.v1.in_network_pb2 import DESCRIPTOR
from common.settings.serve import CallerSettings, GrpcSettings
from common.settings.types import MEBIBYTE
from serve.rpc.health import BoundedHealth
from serve.rpc.servicer import InNetworkPostsServicer
from serve.rpc.tls import server_credentials

SERVICE = DESCRIPTOR.services_by_name["InNetworkPostsService"].full_name

REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"

_MOST_CALLS = 20_000
"""Bounds what our own admission, whose rejections say when to retry, does not see: calls of the health service.

Its streams are bounded for each connection besides (health.py).
"""

_MOST_PENDING = 2**30
"""gRPC's own queue ends calls as CANCELLED when it is full. It is bounded by the streams of each connection."""

_LARGEST_MESSAGE = 8 * MEBIBYTE
"""Size up to which a request is received, so that one above --max-request-bytes is refused with the reason."""

_PROBES = 16
"""Concurrent calls to the health service when it has a port of its own."""

_LEAVE_SECONDS = 0.1
"""Time for callers that watch the health service to choose another server."""

_REST_SECONDS = 1.0
"""Time for gRPC to end calls after their connections were cut."""


class GrpcServer:
    """Bound to its port when made, inside a running event loop. Alive from start() on; ready after publish()."""

    def __init__(self, servicer: InNetworkPostsServicer, settings: CallerSettings, drain_seconds: float) -> None:
        """ConfigurationError."""
        self._servicer = servicer
        self._server = grpc.aio.server(
            options=_options(settings, drain_seconds),
            maximum_concurrent_rpcs=_MOST_CALLS,
        )
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "GetInNetworkPosts": grpc.stream_unary_rpc_method_handler(servicer.get_in_network_posts)
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        self._health = BoundedHealth()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflection:
            _add_reflection(self._server)
        self.port = _bind(self._server, settings, "grpc_port", server_credentials(settings))
        self._health_server = self._own_health_server(settings)

    async def start(self) -> None:
        """Accept calls."""
        await self.publish(ready=False)
        await self._server.start()
        if self._health_server:
            await self._health_server.start()

    async def publish(self, *, ready: bool) -> None:
        """Set the health status of the service; the server's overall status stays SERVING while it is alive."""
        status = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
        await self._health.set(SERVICE, status)

    async def stop(self, grace: float) -> None:
        """Publish NOT_SERVING, drain the calls in flight for at most grace seconds, then cut connections and stop.

        New calls are still answered while draining; calls in flight at the cut end as UNAVAILABLE.
        """
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(_LEAVE_SECONDS)
        if calls := self._servicer.calls:
            await asyncio.wait(calls, timeout=grace)
        cut_connections(self.port)
        await self._server.stop(_REST_SECONDS)
        if self._health_server:
            await self._health_server.stop(None)

    def _own_health_server(self, settings: CallerSettings) -> grpc.aio.Server | None:
        """A plaintext server with nothing but the health service, for probes."""
        if settings.health_port is None:
            return None
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)], maximum_concurrent_rpcs=_PROBES)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        _bind(server, settings, "health_port", None)
        return server


def _add_reflection(server: grpc.aio.Server) -> None:
    """Serve reflection under both of its names: new tools ask for v1, whose messages are those of v1alpha."""
    names = (SERVICE, HEALTH_SERVICE, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    servicer: Any = ReflectionServicer(names)
    handler: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=ServerReflectionRequest.FromString,
        response_serializer=ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(REFLECTION_V1, methods),))


def _bind(
    server: grpc.aio.Server, settings: CallerSettings, setting: str, credentials: grpc.ServerCredentials | None
) -> int:
    """Bind and return the port. credentials: None for no encryption. ConfigurationError."""
    host = f"[{settings.grpc_host}]" if ":" in settings.grpc_host else settings.grpc_host
    address = f"{host}:{getattr(settings, setting)}"
    try:
        return server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    except RuntimeError as error:
        flag = setting.replace("_", "-")
        raise ConfigurationError(f"gRPC cannot listen on {address} (--{flag}): is the port in use?") from error


def _options(settings: GrpcSettings, drain_seconds: float) -> list[tuple[str, int]]:
    """Channel arguments of gRPC: sizes in bytes, times in ms."""
    return [
        ("grpc.so_reuseport", 0),  # otherwise a left-over server would take some of the calls
        ("grpc.max_receive_message_length", max(_LARGEST_MESSAGE, settings.max_request_bytes)),
        ("grpc.max_metadata_size", 8 * 1024),
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        ("grpc.server.max_pending_requests", _MOST_PENDING),
        ("grpc.server.max_pending_requests_hard_limit", _MOST_PENDING),
        ("grpc.max_connection_age_ms", settings.max_connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", int(drain_seconds * 1000)),
        ("grpc.keepalive_time_ms", settings.keepalive_seconds * 1000),
        ("grpc.keepalive_timeout_ms", settings.keepalive_timeout_seconds * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", settings.min_ping_interval_seconds * 1000),
    ]


_OPEN_FILES = Path("/dev/fd")


def cut_connections(port: int) -> None:
    """Shut down every TCP connection of this process that was made to its port. Data already sent still arrives.

    gRPC's own shutdown ends every call in flight, or not yet taken by a handler, as CANCELLED, which no client retries
    (grpc/grpc issue 41785). A broken connection is UNAVAILABLE to its callers: they retry on another server.
    """
    with suppress(FileNotFoundError):  # a system without the folder: callers see gRPC's own end
        for file in list(_OPEN_FILES.iterdir()):
            with suppress(OSError):  # closed meanwhile
                _cut_if_to(port, int(file.name))


def _cut_if_to(port: int, file: int) -> None:
    if not stat.S_ISSOCK(os.fstat(file).st_mode):
        return
    with socket.socket(fileno=os.dup(file)) as connection:
        is_tcp = connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM
        if is_tcp and connection.getsockname()[1] == port and not _listens(connection):
            connection.shutdown(socket.SHUT_RDWR)


def _listens(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
