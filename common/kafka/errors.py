"""Telling a refusal by Kafka from a passing fault: librdkafka says it in its error callback only, calls time out."""

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from common.errors import ConfigurationError, KafkaRefused
from common.kafka.certificates import flaw_of_files, is_refusal_of_ours, what_to_mend
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
"""Names of the errors that retrying does not mend."""

_SECONDS_BETWEEN_LINES = 10.0

_log = logging.getLogger("thunder.kafka")


def error_of(exception: KafkaException) -> KafkaError:
    """The error that an exception of the client carries."""
    error: KafkaError = exception.args[0]
    return error


@contextmanager
def client_configuration(access: KafkaConnection) -> Generator[None]:
    """ConfigurationError when librdkafka does not accept the configuration of a client that is made within."""
    try:
        yield
    except KafkaException as failure:
        reason = flaw_of_files(access) or error_of(failure).str()
        raise ConfigurationError(f"not a configuration for Kafka: {reason}") from failure


class RefusalWatch:
    """Remembers what the brokers said to the clients of one access. `notice` is their error callback."""

    def __init__(self, access: KafkaConnection) -> None:
        self._access = access
        self._refusal: KafkaError | None = None
        self._latest = "no answer yet"
        self._throttle = RateLimiter(_SECONDS_BETWEEN_LINES)

    def notice(self, error: KafkaError) -> None:
        """A client met an error. Called by librdkafka from within the client's calls."""
        if error.name() == "_ALL_BROKERS_DOWN":
            return  # follows upon the error that says why
        self._latest = error.str()
        if error.name() in _REFUSALS or is_refusal_of_ours(self._latest):
            self._refusal = self._refusal or error
        if self._throttle.allow(time.monotonic()):
            _log.warning("Kafka: %s", self._latest)

    def raise_if_refused(self) -> None:
        """KafkaRefused when the brokers refused us, or we them. Blocks then, for seconds at most."""
        if self._refusal is not None:
            complaint = f"Kafka refused {_identity(self._access)}: {self._refusal.str()}"
            mend = what_to_mend(self._access, self._refusal.str())
            raise KafkaRefused(f"{complaint}. {mend}" if mend else complaint)

    @property
    def refused(self) -> bool:
        """Whether nothing that we ask will be done."""
        return self._refusal is not None

    @property
    def latest(self) -> str:
        """What went wrong last, in librdkafka's words."""
        return self._latest


def _identity(access: KafkaConnection) -> str:
    """Who asks whom, without the password."""
    login = f"user {access.user!r} with SASL mechanism {access.mechanism}" if access.mechanism else "a client"
    return f"{login} over {access.protocol} at {access.brokers}"
