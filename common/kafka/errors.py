"""Tells a refusal by Kafka from a passing fault: librdkafka reports it in its error callback only, calls time out."""

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from common.errors import ConfigurationError, KafkaRefused
from common.kafka.certificates import certificate_cure, certificate_files_error, refuses_client_certificate
from common.kafka.connection import KafkaConnection
from common.timing import RateLimiter

_REFUSALS = frozenset(
    (
        "_AUTHENTICATION",
        "_FATAL",
        "_SSL",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "ILLEGAL_SASL_STATE",
        "SECURITY_DISABLED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "GROUP_AUTHORIZATION_FAILED",
        "TOPIC_AUTHORIZATION_FAILED",
    )
)
"""Names of the errors that retrying does not cure."""

_WITHOUT_LOGIN = "Failed to acquire SASL OAUTHBEARER token"
"""Beginning of an error after which librdkafka asks for a token again: the held one may still be good."""

_SECONDS_BETWEEN_LINES = 10.0

_log = logging.getLogger("thunder.kafka")


def error_of(exception: KafkaException) -> KafkaError:
    """The error that an exception of the client carries."""
    error: KafkaError = exception.args[0]
    return error


@contextmanager
def client_configuration(connection: KafkaConnection) -> Generator[None]:
    """ConfigurationError when librdkafka does not accept the configuration of a client that is made within."""
    try:
        yield
    except KafkaException as failure:
        reason = certificate_files_error(connection) or error_of(failure).str()
        raise ConfigurationError(f"the configuration of the Kafka client is not valid: {reason}") from failure


class RefusalWatch:
    """Remembers the errors of the clients of one connection. `on_error` is their error callback."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._refusal: KafkaError | None = None
        self._latest = "no answer yet"
        self._lines = RateLimiter(_SECONDS_BETWEEN_LINES)

    def on_error(self, error: KafkaError) -> None:
        """Remember an error. Called by librdkafka from within the client's calls."""
        if error.name() == "_ALL_BROKERS_DOWN":
            return  # comes after the error that says why
        self._latest = error.str()
        refuses = error.name() in _REFUSALS or refuses_client_certificate(self._latest)
        if refuses and _WITHOUT_LOGIN not in self._latest:
            self._refusal = self._refusal or error
        if self._lines.allow(time.monotonic()):
            _log.warning("Kafka: %s", self._latest)

    def raise_if_refused(self) -> None:
        """Raise KafkaRefused when brokers or client refused the other side. Blocks then, for seconds at most."""
        if self._refusal is not None:
            complaint = f"Kafka refused {_identity(self._connection)}: {self._refusal.str()}"
            cure = certificate_cure(self._connection, self._refusal.str())
            raise KafkaRefused(f"{complaint}. {cure}" if cure else complaint)

    @property
    def refused(self) -> bool:
        """Whether further calls are pointless."""
        return self._refusal is not None

    @property
    def latest(self) -> str:
        """The latest error, in librdkafka's words."""
        return self._latest


def _identity(connection: KafkaConnection) -> str:
    """Names client and brokers, without the password."""
    who = f"user {connection.user!r}" if connection.user else "a client"
    login = f" with SASL mechanism {connection.mechanism}" if connection.mechanism else ""
    return f"{who}{login} over {connection.protocol} at {connection.brokers}"
