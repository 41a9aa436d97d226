"""Client of the posts service, over gRPC."""

import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import grpc

from common.errors import ThunderError
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.telemetry.tracing import outgoing, span

_METHOD = "/thunder.v1.InNetworkPostsService/GetInNetworkPosts"
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),  # servers are in the local network, proxies lead out of it
    ("grpc.max_receive_message_length", -1),
)

_ADVICE = {
    grpc.StatusCode.UNAVAILABLE: "{address} is not available. Is the server running there?",
    grpc.StatusCode.DEADLINE_EXCEEDED: "{address} has not answered within {timeout:g} s",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "{address} is at capacity; try again later",
    grpc.StatusCode.INVALID_ARGUMENT: "{address} does not accept the request",
    grpc.StatusCode.UNAUTHENTICATED: "{address} requires a valid bearer token (--token-file)",
    grpc.StatusCode.PERMISSION_DENIED: "{address} does not accept the identity of this certificate",
    grpc.StatusCode.UNIMPLEMENTED: "{address} is a gRPC server without the posts service",
}


class AskFailed(ThunderError):
    """The server did not answer. Trying again may help."""

    def __init__(self, message: str, code: grpc.StatusCode) -> None:
        super().__init__(message)
        self.code = code


class Credentials(NamedTuple):
    """PEM files and a bearer token, each None when it is not needed. Without ca the connection is not encrypted."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    token: str | None = None

    def channel(self, address: str) -> grpc.Channel:
        """Channel to HOST:PORT, which connects at the first call. OSError."""
        if self.ca is None:
            return grpc.insecure_channel(address, options=_OPTIONS)
        own = [path.read_bytes() if path else None for path in (self.key, self.certificate)]
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(self.ca.read_bytes(), *own), options=_OPTIONS)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Metadata of each call."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()


class TimedAnswer(NamedTuple):
    """An answer and its latency."""

    response: GetInNetworkPostsResponse
    seconds: float


NO_CREDENTIALS = Credentials()


class PostsClient:
    """Client of one server, which connects at the first call."""

    def __init__(self, address: str, credentials: Credentials = NO_CREDENTIALS) -> None:
        """For HOST:PORT. OSError when a file of the credentials cannot be read."""
        self._address = address
        self._metadata = credentials.metadata
        self._channel = credentials.channel(address)
        self._ask = self._channel.unary_unary(
            _METHOD,
            request_serializer=GetInNetworkPostsRequest.SerializeToString,
            response_deserializer=GetInNetworkPostsResponse.FromString,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, request: GetInNetworkPostsRequest, timeout: float) -> TimedAnswer:
        """Wait at most timeout seconds for the answer. Raises AskFailed."""
        began = time.perf_counter()
        try:
            with span("ask"):
                response = self._ask(request, timeout=timeout, metadata=(*self._metadata, *outgoing().items()))
        except grpc.RpcError as error:
            raise _failure(error, self._address, timeout) from error
        return TimedAnswer(response, time.perf_counter() - began)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


def _failure(error: grpc.RpcError, address: str, timeout: float) -> AskFailed:
    code, details = error.code(), error.details()
    advice = _ADVICE.get(code, "{address} failed").format(address=address, timeout=timeout)
    return AskFailed(f"{advice} ({code.name}: {details})", code)
