"""Settings of `thunder serve`: the read path, the gRPC server in front of it, and the live page."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from common.ids import IDS_PER_LIST
from common.settings.process import ANY_ADDRESS, ProcessSettings, is_loopback
from common.settings.redis import StoreSettings
from common.settings.types import (
    MEBIBYTE,
    Bytes,
    Count,
    DefaultInWords,
    Millis,
    Port,
    Seconds,
    Settings,
    Text,
    Unit,
)

_Posts = Annotated[int, Field(ge=1), Unit("posts")]
_Cap = Annotated[int, Field(ge=0), Unit("posts")]


class CoreChoice(StrEnum):
    """Read core that a server uses."""

    AUTO = "auto"
    NATIVE = "native"
    PYTHON = "python"


class AnswerSettings(Settings):
    """Answers"""

    default_max_results: Annotated[
        _Posts, Field(description="number of posts in an answer when a request has max_results 0")
    ] = 1200
    default_max_videos: Annotated[
        _Posts, Field(description="number of posts in an answer when a video request has max_results 0")
    ] = 600
    max_results_limit: Annotated[
        _Posts, Field(description="largest max_results of a request; a larger value is lowered to it")
    ] = 12_000
    max_list_size: Annotated[
        Count,
        Field(description="number of ids that are used of each list in a request; the rest is ignored"),
        Unit("ids"),
    ] = IDS_PER_LIST
    max_original_per_author: Annotated[
        _Cap, Field(description="largest number of original posts per author in an answer")
    ] = 50
    max_secondary_per_author: Annotated[
        _Cap, Field(description="largest number of replies and reposts per author in an answer")
    ] = 30
    max_videos_per_author: Annotated[
        _Cap, Field(description="largest number of videos per author in the answer to a video request")
    ] = 100
    max_scan_per_author: Annotated[
        _Posts,
        Field(description="number of entries that are examined per author and list; excluded ids are not counted"),
    ] = 500
    max_bytes_per_request: Annotated[
        Bytes,
        Field(description="limit of the bytes that a request reads from Redis; above it a partial answer is returned"),
    ] = 64 * MEBIBYTE
    blocked_authors_file: Annotated[
        Text | None,
        Field(
            description="file of author ids, one per line, that are never served: neither their posts nor reposts of "
            "them are in an answer; reloaded on change"
        ),
    ] = None
    read_core: Annotated[
        CoreChoice,
        Field(
            description="code that reads timelines: native (compiled, about three times as fast), python, "
            "or auto = native where the installation has it; the answers are the same"
        ),
    ] = CoreChoice.AUTO
    follow_store: Annotated[bool, Field(description="read the follow list from Redis when a request has none")] = False

    @model_validator(mode="after")
    def _defaults_within_limit(self) -> Self:
        for name in ("default_max_results", "default_max_videos"):
            if getattr(self, name) > self.max_results_limit:
                raise ValueError(f"{name} must be at most max_results_limit ({self.max_results_limit})")
        return self


class GrpcSettings(Settings):
    """gRPC server"""

    grpc_host: Annotated[
        Text, Field(description="address on which the gRPC server listens; :: or 0.0.0.0 = all of IPv6 and IPv4")
    ] = ANY_ADDRESS
    grpc_port: Annotated[Port, Field(description="port of the gRPC server; 0 = any free port")] = 50051
    reflection: Annotated[bool, Field(description="enable gRPC server reflection")] = False
    max_concurrent_requests: Annotated[
        Count,
        Field(
            description="number of concurrent requests; more are rejected with RESOURCE_EXHAUSTED; "
            "a request counts once per 4,000 list entries that it reads, one with 5,000 follows five times"
        ),
        Unit("requests"),
    ] = 100
    max_bytes_in_flight: Annotated[
        Bytes,
        Field(
            description="limit of the bytes that concurrent requests read from Redis and of answers that callers have "
            "not taken; more requests are rejected with RESOURCE_EXHAUSTED; a request wider than this runs alone"
        ),
    ] = 128 * MEBIBYTE
    qps_limit: Annotated[
        Count | None,
        Field(description="limit of requests per second; more are rejected with RESOURCE_EXHAUSTED"),
        Unit("requests/s"),
        DefaultInWords("no limit"),
    ] = None
    max_loop_lag_ms: Annotated[
        Millis,
        Field(description="reject new requests that would wait longer than this while 16 or more are in flight"),
    ] = 100
    request_timeout_ms: Annotated[
        int,
        Field(
            ge=0,
            description="time limit of a request; on expiry the answer is partial (0 = only the caller's deadline)",
        ),
        Unit("ms"),
    ] = 0
    max_request_bytes: Annotated[
        Bytes, Field(description="largest request message; a larger one is rejected with INVALID_ARGUMENT")
    ] = MEBIBYTE
    max_streams_per_connection: Annotated[
        Count,
        Field(
            description="number of concurrent calls on one connection, and of all calls whose request has not arrived"
        ),
        Unit("calls"),
    ] = 1000
    max_connection_age_seconds: Annotated[
        Seconds, Field(description="age at which a client is asked to reconnect, so that load is balanced again")
    ] = 600
    keepalive_seconds: Annotated[Seconds, Field(description="idle time after which the server pings a client")] = 60
    keepalive_timeout_seconds: Annotated[
        Seconds, Field(description="time limit of the answer to a keepalive ping; on expiry the connection is closed")
    ] = 20
    min_ping_interval_seconds: Annotated[
        Seconds,
        Field(description="shortest interval between pings of a client; one that pings more often is disconnected"),
    ] = 10


class CallerSettings(GrpcSettings):
    """gRPC encryption and callers"""

    grpc_tls_certificate: Annotated[
        Text | None, Field(description="certificate chain file of the gRPC server (PEM); reloaded on change")
    ] = None
    grpc_tls_key: Annotated[
        Text | None, Field(description="private key file of the gRPC server (PEM); reloaded on change")
    ] = None
    grpc_tls_client_ca: Annotated[
        Text | None, Field(description="CA file that verifies the certificates of callers (PEM); callers then need one")
    ] = None
    grpc_allowed_identities: Annotated[
        Text | None, Field(description="comma-separated names; a caller needs a certificate with one of them")
    ] = None
    grpc_tokens_file: Annotated[
        Text | None,
        Field(description="file of bearer tokens, one per line; calls without one are rejected; reloaded on change"),
    ] = None
    health_port: Annotated[
        Port | None, Field(description="plaintext port that offers only the gRPC health service, for probes beside TLS")
    ] = None

    @property
    def is_open(self) -> bool:
        """Whether callers that nothing identifies are accepted from other machines."""
        return not (self.grpc_tokens_file or self.grpc_tls_client_ca or is_loopback(self.grpc_host))

    @property
    def allowed_identities(self) -> frozenset[str]:
        """The names; empty when any certificate is accepted."""
        return frozenset(filter(None, map(str.strip, (self.grpc_allowed_identities or "").split(","))))

    @model_validator(mode="after")
    def _grpc_tls_is_whole(self) -> Self:
        if (self.grpc_tls_certificate is None) != (self.grpc_tls_key is None):
            raise ValueError("grpc_tls_certificate and grpc_tls_key need each other")
        if self.grpc_tls_client_ca and not self.grpc_tls_certificate:
            raise ValueError("grpc_tls_client_ca needs grpc_tls_certificate")
        if self.grpc_allowed_identities and not self.grpc_tls_client_ca:
            raise ValueError("grpc_allowed_identities needs grpc_tls_client_ca: identities come from certificates")
        if self.grpc_allowed_identities and not self.allowed_identities:
            raise ValueError("grpc_allowed_identities needs at least one name")
        return self


class PageSettings(Settings):
    """Live page"""

    live_page: Annotated[bool, Field(description="show a live page at / of the HTTP port, without a login")] = False
    live_page_hosts: Annotated[
        Text | None,
        Field(description="comma-separated names by which browsers may open the live page, besides those of loopback"),
    ] = None

    @property
    def page_hosts(self) -> frozenset[str]:
        """The names, in lower case."""
        return frozenset(filter(None, (name.strip().lower() for name in (self.live_page_hosts or "").split(","))))


class ServingSettings(AnswerSettings, CallerSettings, PageSettings):
    """Settings between Redis and the callers."""

    @model_validator(mode="after")
    def _page_is_open_to_all_callers(self) -> Self:
        if self.live_page and (self.grpc_tokens_file or self.grpc_tls_client_ca):
            raise ValueError(
                "live_page shows every timeline without a login: it cannot be combined with grpc_tokens_file or "
                "grpc_tls_client_ca"
            )
        return self

    @model_validator(mode="after")
    def _page_has_viewers(self) -> Self:
        if self.live_page and not self.follow_store:
            raise ValueError("live_page needs follow_store: the page shows timelines of viewers with follow lists")
        return self


class ServeSettings(ProcessSettings, StoreSettings, ServingSettings):
    """thunder serve: Redis to gRPC."""
