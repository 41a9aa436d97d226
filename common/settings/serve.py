"""Settings of `thunder serve`: the read path, the gRPC server in front of it, and the live page."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from common.settings.process import ProcessSettings
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


class AnswerSettings(Settings):
    """Answers"""

    default_max_results: Annotated[_Posts, Field(description="posts in an answer when max_results is 0")] = 1200
    default_max_videos: Annotated[_Posts, Field(description="the same for a video request")] = 600
    max_results_limit: Annotated[_Posts, Field(description="a larger max_results is cut to this")] = 12_000
    max_list_size: Annotated[Count, Field(description="ids of a list that are looked at"), Unit("ids")] = 10_000
    max_original_per_author: Annotated[_Cap, Field(description="original posts of one author")] = 50
    max_secondary_per_author: Annotated[_Cap, Field(description="replies and reposts of one author")] = 30
    max_videos_per_author: Annotated[_Cap, Field(description="videos of one author in a video request")] = 100
    max_scan_per_author: Annotated[_Posts, Field(description="looked at per author and list, the seen ones aside")] = (
        500
    )
    max_bytes_per_request: Annotated[Bytes, Field(description="read from Redis for one request; then partial")] = (
        64 * MEBIBYTE
    )
    follow_store: Annotated[bool, Field(description="take the follows from Redis when a request brings none")] = False

    @model_validator(mode="after")
    def _defaults_within_limit(self) -> Self:
        for name in ("default_max_results", "default_max_videos"):
            if getattr(self, name) > self.max_results_limit:
                raise ValueError(f"{name} must be at most max_results_limit ({self.max_results_limit})")
        return self


class GrpcSettings(Settings):
    """gRPC server"""

    grpc_host: Annotated[Text, Field(description="address of the gRPC server")] = "0.0.0.0"  # noqa: S104
    grpc_port: Annotated[Port, Field(description="its port; 0 = any free one")] = 50051
    reflection: Annotated[bool, Field(description="let clients ask for the schema")] = False
    max_concurrent_requests: Annotated[
        Count, Field(description="requests at once; more are refused"), Unit("requests")
    ] = 100
    qps_limit: Annotated[
        Count | None, Field(description="requests accepted per second"), Unit("requests/s"), DefaultInWords("no limit")
    ] = None
    max_loop_lag_ms: Annotated[
        Millis, Field(description="wait of the next admitted request for its turn, above which more are refused")
    ] = 100
    request_timeout_ms: Annotated[
        int, Field(ge=0, description="then the answer is partial; 0 = only the caller's deadline"), Unit("ms")
    ] = 0
    max_request_bytes: Annotated[Bytes, Field(description="largest request message")] = MEBIBYTE
    max_streams_per_connection: Annotated[Count, Field(description="calls at once on a connection"), Unit("calls")] = (
        1000
    )
    max_connection_age_seconds: Annotated[
        Seconds, Field(description="then the client is asked to connect anew, so that load spreads")
    ] = 600
    keepalive_seconds: Annotated[Seconds, Field(description="silence after which the server pings a client")] = 60
    keepalive_timeout_seconds: Annotated[Seconds, Field(description="wait for the answer to that ping")] = 20
    min_ping_interval_seconds: Annotated[
        Seconds, Field(description="a client that pings more often is disconnected")
    ] = 10


class CallerSettings(GrpcSettings):
    """gRPC server: encryption and callers"""

    grpc_tls_certificate: Annotated[
        Text | None, Field(description="file with the server's certificates (PEM); read again when it changes")
    ] = None
    grpc_tls_key: Annotated[Text | None, Field(description="file with the key of the first of them (PEM)")] = None
    grpc_tls_client_ca: Annotated[
        Text | None, Field(description="file with the authorities that sign callers, who then need a certificate")
    ] = None
    grpc_allowed_identities: Annotated[
        Text | None, Field(description="names in certificates of callers, separated by commas; nobody else may call")
    ] = None
    grpc_tokens_file: Annotated[
        Text | None, Field(description="file of bearer tokens, one a line; nobody else may call; read again on change")
    ] = None
    health_port: Annotated[
        Port | None, Field(description="plaintext port with gRPC's health service alone, for probes beside TLS")
    ] = None

    @property
    def allowed_identities(self) -> frozenset[str]:
        """The names, empty when any certificate will do."""
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
            raise ValueError("grpc_allowed_identities needs a name: without one it would keep out nobody")
        return self


class PageSettings(Settings):
    """Live page"""

    live_page: Annotated[
        bool, Field(description="show a live page at / of the HTTP port, to everyone who can reach it")
    ] = False


class ServingSettings(AnswerSettings, CallerSettings, PageSettings):
    """Everything between Redis and the callers."""

    @model_validator(mode="after")
    def _page_has_viewers(self) -> Self:
        if self.live_page and not self.follow_store:
            raise ValueError(
                "live_page needs follow_store: the page shows the timelines of those who have follow lists"
            )
        return self


class ServeSettings(ProcessSettings, StoreSettings, ServingSettings):
    """thunder serve: Redis to gRPC."""
