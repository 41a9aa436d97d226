"""Brokers and credentials of one connection to Kafka. Pure."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import SecretStr


class SaslMechanism(StrEnum):
    """SASL mechanism by which a client logs in."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"


class SecurityProtocol(StrEnum):
    """Kafka's security protocols: encrypted or not, with a login or not."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def logs_in(self) -> bool:
        """Whether the client needs a mechanism and credentials."""
        return self in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)


class TokenSource(NamedTuple):
    """Source of tokens for OAUTHBEARER: an OpenID Connect token endpoint, or a file; neither for other mechanisms."""

    url: str | None = None
    file: str | None = None


class KafkaConnection(NamedTuple):
    """The brokers, and how the client logs in. mechanism, user and password are None without a login.

    properties: further ones of librdkafka, which win over those of this product.
    """

    brokers: str
    protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    mechanism: SaslMechanism | None = None
    user: str | None = None
    password: SecretStr | None = None
    ssl_ca_location: str | None = None
    ssl_certificate_location: str | None = None
    ssl_key_location: str | None = None
    tokens: TokenSource = TokenSource()
    properties: tuple[tuple[str, SecretStr], ...] = ()
