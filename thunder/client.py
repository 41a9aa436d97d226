"""`thunder_client` as commands use it: one server, no retries, and errors that say what to check."""

import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import grpc

from common.errors import ThunderError
from common.telemetry.tracing import outgoing, span
from thunder_client import ClientError, ClientTls, ThunderClient
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse

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

    @property
    def tls(self) -> ClientTls | None:
        """None for no encryption."""
        return ClientTls(self.ca, self.certificate, self.key) if self.ca else None


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
        if credentials.tls:
            credentials.tls.credentials()  # rather than at the first call
        # Without a service config there are no retries and no balancing: a command shows what this server answers.
        self._client = ThunderClient(address, tls=credentials.tls, token=credentials.token, service_config=None)

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
                response = self._client.call(request, timeout, list(outgoing().items()))
        except ClientError as error:
            raise _ask_failed(error, self._address, timeout) from error
        return TimedAnswer(response, time.perf_counter() - began)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _ask_failed(error: ClientError, address: str, timeout: float) -> AskFailed:
    advice = _ADVICE.get(error.code, "{address} failed").format(address=address, timeout=timeout)
    return AskFailed(f"{advice} ({error})", error.code)
