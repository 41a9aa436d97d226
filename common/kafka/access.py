"""Settings that say where Kafka is and who we are to it, for the side that is read and the side that is written."""

from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import Field, SecretStr, model_validator

from common.setting_types import AlsoFrom, DefaultInWords, Settings, Text


class SaslMechanism(StrEnum):
    """How a client proves who it is."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class SecurityProtocol(StrEnum):
    """Whether a connection to Kafka is encrypted, and whether the client logs in."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def logs_in(self) -> bool:
        """The client needs a mechanism, a user and a password."""
        return self in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)


class KafkaAccess(NamedTuple):
    """The brokers of one side, and who we are to them. mechanism, user and password are None unless we log in."""

    brokers: str
    protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    mechanism: SaslMechanism | None = None
    user: str | None = None
    password: SecretStr | None = None
    ssl_ca_location: str | None = None
    ssl_certificate_location: str | None = None
    ssl_key_location: str | None = None


class KafkaAccessSettings(Settings):
    """Kafka: brokers and credentials"""

    in_network_events_consumer_dest: Annotated[
        Text, Field(description="brokers of the topic that the role reads"), AlsoFrom(("KAFKA_BROKERS",))
    ] = "localhost:9092"
    in_network_events_producer_dest: Annotated[
        Text,
        Field(description="brokers of the topics that the role writes"),
        DefaultInWords("as in_network_events_consumer_dest"),
    ] = Field(default_factory=lambda given: given["in_network_events_consumer_dest"])
    sasl_mechanism: Annotated[SaslMechanism | None, Field(description="how to log in to Kafka")] = None
    security_protocol: Annotated[
        SecurityProtocol,
        Field(description="protocol of the brokers"),
        DefaultInWords("SASL_SSL with a SASL mechanism, else PLAINTEXT"),
    ] = Field(default_factory=lambda given: _natural_protocol(given["sasl_mechanism"]))
    kafka_sasl_user: Annotated[
        str | None, Field(description="user name, when a SASL mechanism is set"), AlsoFrom(("KAFKA_SASL_USER",))
    ] = None
    kafka_sasl_password: Annotated[
        SecretStr | None,
        Field(description="password, when a SASL mechanism is set"),
        AlsoFrom(("KAFKA_SASL_PASSWORD", "SASL_PASSWORD")),
    ] = None
    producer_sasl_mechanism: Annotated[
        SaslMechanism | None, Field(description="how to log in to write"), DefaultInWords("as sasl_mechanism")
    ] = Field(default_factory=lambda given: given["sasl_mechanism"])
    producer_sasl_username: Annotated[
        str | None,
        Field(description="user name to write"),
        DefaultInWords("as kafka_sasl_user"),
        AlsoFrom(("KAFKA_PRODUCER_SASL_USER",)),
    ] = Field(default_factory=lambda given: given["kafka_sasl_user"])
    producer_sasl_password: Annotated[
        SecretStr | None,
        Field(description="password to write"),
        DefaultInWords("as kafka_sasl_password"),
        AlsoFrom(("KAFKA_PRODUCER_SASL_PASSWORD", "PRODUCER_SASL_PASSWORD")),
    ] = Field(default_factory=lambda given: given["kafka_sasl_password"])
    ssl_ca_location: Annotated[str | None, Field(description="file with the authorities that sign the brokers")] = None
    ssl_certificate_location: Annotated[str | None, Field(description="file with our certificate (mutual TLS)")] = None
    ssl_key_location: Annotated[str | None, Field(description="file with the key of our certificate")] = None

    @property
    def consumer_access(self) -> KafkaAccess:
        """For the side that is read."""
        return self._access(
            self.in_network_events_consumer_dest, self.sasl_mechanism, self.kafka_sasl_user, self.kafka_sasl_password
        )

    @property
    def producer_access(self) -> KafkaAccess:
        """For the side that is written."""
        return self._access(
            self.in_network_events_producer_dest,
            self.producer_sasl_mechanism,
            self.producer_sasl_username,
            self.producer_sasl_password,
        )

    def _access(
        self, brokers: str, mechanism: SaslMechanism | None, user: str | None, password: SecretStr | None
    ) -> KafkaAccess:
        login = (None, None, None) if mechanism is None else (mechanism, user, password)
        files = (self.ssl_ca_location, self.ssl_certificate_location, self.ssl_key_location)
        return KafkaAccess(brokers, self.security_protocol, *login, *files)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        for prefix, access in (("", self.consumer_access), ("producer_", self.producer_access)):
            _check_mechanism(prefix + "sasl_mechanism", access)
        _check_credentials("KAFKA_SASL_USER", "KAFKA_SASL_PASSWORD", self.consumer_access)
        _check_credentials("KAFKA_PRODUCER_SASL_USER", "KAFKA_PRODUCER_SASL_PASSWORD", self.producer_access)
        return self


def _check_mechanism(name: str, access: KafkaAccess) -> None:
    if access.protocol.logs_in and access.mechanism is None:
        raise ValueError(f"security_protocol {access.protocol} needs {name}: one of {', '.join(SaslMechanism)}")
    if access.mechanism is not None and not access.protocol.logs_in:
        raise ValueError(
            f"{name} {access.mechanism} needs security_protocol SASL_SSL or SASL_PLAINTEXT, not {access.protocol}"
        )


def _check_credentials(user_variable: str, password_variable: str, access: KafkaAccess) -> None:
    if access.mechanism is not None and not (access.user and access.password):
        raise ValueError(
            f"SASL mechanism {access.mechanism} needs user and password: set {user_variable} and {password_variable}"
        )


def _natural_protocol(mechanism: SaslMechanism | None) -> SecurityProtocol:
    return SecurityProtocol.PLAINTEXT if mechanism is None else SecurityProtocol.SASL_SSL
