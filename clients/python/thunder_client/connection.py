"""The way to the servers: target, encryption, token, and the arguments of gRPC's channels."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TypedDict

import grpc

from thunder_client.errors import ForkedClientError

METHOD = "/thunder.v1.InNetworkPostsService/GetInNetworkPosts"
SERVICE_CONFIG = files("thunder_client").joinpath("service_config.json").read_text(encoding="utf-8")
"""Balances over all addresses of the target, skips servers that are not ready, and retries with a budget, as JSON."""

ChannelArguments = Mapping[str, str | int]

_ARGUMENTS: ChannelArguments = {
    "grpc.dns_min_time_between_resolutions_ms": 5_000,  # servers may come back under other addresses
    "grpc.max_reconnect_backoff_ms": 5_000,  # or under the same; gRPC's default is two minutes
    "grpc.keepalive_time_ms": 30_000,  # the server disconnects clients that ping more often than every 10 s
    "grpc.keepalive_timeout_ms": 5_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": -1,  # max_results bounds answers
    "grpc.enable_http_proxy": 0,  # servers are in the local network, proxies lead out of it
}


@dataclass(frozen=True, slots=True)
class ClientTls:
    """PEM files, read when the client is first used."""

    ca: Path | None = None
    """Authorities that sign the server's certificate; None = those that gRPC brings."""
    certificate: Path | None = None
    """Certificate of this client, with its key, for a server that asks for one."""
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the files. OSError."""
        ca, key, certificate = (path.read_bytes() if path else None for path in (self.ca, self.key, self.certificate))
        return grpc.ssl_channel_credentials(ca, key, certificate)


class ClientOptions(TypedDict, total=False):
    """Options of a client, as keyword arguments. All are optional."""

    timeout: float
    """Seconds for a call with its retries, 2 by default."""
    tls: ClientTls | None
    """None = no encryption."""
    token: str | Callable[[], str] | None
    """Bearer token, or a function that is called for each call."""
    gzip: bool
    """Let the server compress answers: fewer bytes for more of its CPU."""
    service_config: str | None
    """JSON; None = no balancing and no retries."""
    channel_arguments: ChannelArguments
    """Arguments of gRPC's channel, which win over the defaults of the client."""


@dataclass(frozen=True, slots=True)
class ClientConnection:
    """Options of a client with their defaults."""

    target: str
    timeout: float = 2.0
    tls: ClientTls | None = None
    token: str | Callable[[], str] | None = None
    gzip: bool = False
    service_config: str | None = SERVICE_CONFIG
    channel_arguments: ChannelArguments = field(default_factory=dict[str, str | int])

    def arguments(self) -> list[tuple[str, str | int]]:
        """Arguments of the channel."""
        balance = {} if self.service_config is None else {"grpc.service_config": self.service_config}
        return list({**_ARGUMENTS, **balance, **self.channel_arguments}.items())

    def channel(self) -> grpc.Channel:
        """Channel for threads. OSError when a file of the TLS cannot be read."""
        if self.tls is None:
            return grpc.insecure_channel(self.target, self.arguments())
        return grpc.secure_channel(self.target, self.tls.credentials(), self.arguments())

    def async_channel(self) -> grpc.aio.Channel:
        """Channel of the running event loop. OSError when a file of the TLS cannot be read."""
        if self.tls is None:
            return grpc.aio.insecure_channel(self.target, self.arguments())
        return grpc.aio.secure_channel(self.target, self.tls.credentials(), self.arguments())

    def metadata(self) -> list[tuple[str, str]]:
        """Metadata of a call."""
        metadata = [("accept-encoding", "gzip")] if self.gzip else []
        if self.token is not None:
            token = self.token if isinstance(self.token, str) else self.token()
            metadata.append(("authorization", f"Bearer {token}"))
        return metadata


class ForkGuard:
    """Notices that the process which opened a channel is another one: gRPC's threads do not survive a fork."""

    def __init__(self) -> None:
        self._process: int | None = None

    def opened(self) -> None:
        """The channel was opened in this process."""
        self._process = os.getpid()

    @property
    def is_foreign(self) -> bool:
        """The channel was opened in another process."""
        return self._process not in (None, os.getpid())

    def check(self) -> None:
        """Raises ForkedClientError."""
        if self.is_foreign:
            raise ForkedClientError
