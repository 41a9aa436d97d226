"""Settings of the store: address of Redis, layout, retention."""

from typing import Annotated, Self
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from common.settings.types import Count, Millis, Seconds, Settings, Unit
from common.store.keys import DEFAULT_BUCKETS, DEFAULT_POST_HASHES, KeySpace


class RetentionSettings(Settings):
    """Retention and rules"""

    post_retention_seconds: Annotated[
        Seconds, Field(description="post retention: older posts are neither stored nor returned")
    ] = 172_800


class ClockSettings(Settings):
    """Retention and rules"""

    clock_skew_seconds: Annotated[
        int,
        Field(
            ge=0,
            description="largest lead of a creation time over the clock, above which posts are dropped; a role whose "
            "clock differs from Redis's by more pauses, and is not ready",
        ),
        Unit("s"),
    ] = 60


def _names_a_server(url: str) -> bool:
    """Whether the URL can be parsed. Otherwise redis-py would complain, and quote a part of the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0 and "@" not in parts.path + parts.query + parts.fragment


class RedisSettings(Settings):
    """Store (Redis)"""

    redis_url: Annotated[
        SecretStr,
        Field(description="redis://[user:password@]host:port, or rediss:// for TLS; any node of a Redis Cluster"),
    ] = SecretStr("redis://localhost:6379")
    redis_timeout_ms: Annotated[Millis, Field(description="time limit of a call to Redis")] = 2000
    redis_tls_ca: Annotated[
        str | None, Field(description="CA file that verifies the certificate of Redis (PEM; rediss:// only)")
    ] = None
    redis_tls_certificate: Annotated[
        str | None, Field(description="client certificate file for Redis with mutual TLS (PEM)")
    ] = None
    redis_tls_key: Annotated[
        str | None, Field(description="private key file of the client certificate for Redis (PEM)")
    ] = None

    @property
    def redis_address(self) -> str:
        """The URL, with the files as redis-py reads them from one. It may hold a password: never show it."""
        files = {
            "ssl_ca_certs": self.redis_tls_ca,
            "ssl_certfile": self.redis_tls_certificate,
            "ssl_keyfile": self.redis_tls_key,
        }
        query = urlencode({name: path for name, path in files.items() if path})
        url = self.redis_url.get_secret_value()
        return f"{url}{'&' if '?' in url else '?'}{query}" if query else url

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("must begin with redis:// or rediss://")
        if not _names_a_server(url.get_secret_value()):
            raise ValueError(
                "must name a host, and a port in digits; / ? # @ : of a password are written %2F and so on"
            )
        return url

    @model_validator(mode="after")
    def _redis_tls_is_whole(self) -> Self:
        if (self.redis_tls_certificate is None) != (self.redis_tls_key is None):
            raise ValueError("redis_tls_certificate and redis_tls_key need each other")
        if (self.redis_tls_ca or self.redis_tls_key) and not self.redis_url.get_secret_value().startswith("rediss://"):
            raise ValueError("redis_tls_... need a redis_url that begins with rediss://")
        return self


class StoreSettings(RedisSettings, RetentionSettings, ClockSettings):
    """Store (Redis)"""

    author_buckets: Annotated[
        Count,
        Field(le=16_384, description="number of author buckets; fixed when the store is created"),
        Unit("buckets"),
    ] = DEFAULT_BUCKETS
    post_hashes: Annotated[
        Count,
        Field(le=2**24, description="number of hashes that hold post records; fixed when the store is created"),
        Unit("hashes"),
    ] = DEFAULT_POST_HASHES

    @property
    def key_space(self) -> KeySpace:
        """Keys of a store with these counts."""
        return KeySpace(self.author_buckets, self.post_hashes)
