"""Settings of the store: address of Redis, layout, retention."""

from typing import Annotated, Self
from urllib.parse import urlencode

from pydantic import Field, SecretStr, field_validator, model_validator

from common.errors import ConfigurationError
from common.process_name import client_name
from common.settings.schema import title_of
from common.settings.types import Count, Millis, Seconds, Settings, Unit
from common.store.address import parse_address
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


class RedisSettings(Settings):
    """Store (Redis)"""

    redis_url: Annotated[
        SecretStr,
        Field(
            description="redis://[user:password@]host:port[,host:port] (any nodes of a Redis Cluster), "
            "rediss:// for TLS, redis+sentinel:// or rediss+sentinel://host:port[,host:port]/service for Sentinel, unix:///path"
        ),
    ] = SecretStr("redis://localhost:6379")
    redis_timeout_ms: Annotated[Millis, Field(description="time limit of a call to Redis")] = 2000
    redis_tls_ca: Annotated[
        str | None, Field(description="CA file that verifies the certificate of Redis (PEM; with TLS only)")
    ] = None
    redis_tls_certificate: Annotated[
        str | None, Field(description="client certificate file for Redis with mutual TLS (PEM)")
    ] = None
    redis_tls_key: Annotated[
        str | None, Field(description="private key file of the client certificate for Redis (PEM)")
    ] = None

    @property
    def redis_address(self) -> str:
        """The URL, with the files and the client's name as its options. It may hold a password: never show it."""
        options = {
            "ssl_ca_certs": self.redis_tls_ca,
            "ssl_certfile": self.redis_tls_certificate,
            "ssl_keyfile": self.redis_tls_key,
        }
        url = self.redis_url.get_secret_value()
        if "client_name=" not in url:
            options["client_name"] = client_name(title_of(type(self)))
        query = urlencode({name: value for name, value in options.items() if value})
        return f"{url}{'&' if '?' in url else '?'}{query}" if query else url

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        try:
            parse_address(url.get_secret_value())
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return url

    @model_validator(mode="after")
    def _redis_tls_is_whole(self) -> Self:
        if (self.redis_tls_certificate is None) != (self.redis_tls_key is None):
            raise ValueError("redis_tls_certificate and redis_tls_key need each other")
        tls = parse_address(self.redis_url.get_secret_value()).tls
        if (self.redis_tls_ca or self.redis_tls_key) and tls is None:
            raise ValueError("redis_tls_... need a redis_url that begins with rediss:// or rediss+sentinel://")
        if tls and ((self.redis_tls_ca and tls.ca) or (self.redis_tls_key and tls.key)):
            raise ValueError("redis_tls_... and ssl_... options of redis_url name the same files: give one of them")
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
