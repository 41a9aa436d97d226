"""Errors that may end a role. Each names whose fault it is; the docstring is the default message."""


class ThunderError(Exception):
    """Thunder failed."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class ConfigurationError(ThunderError):
    """A setting is missing or wrong. The operator must correct it; retrying does not help."""


class StoreUnavailable(ThunderError):
    """Redis cannot be reached or does not answer in time. Retrying may help."""


class StoreFilling(StoreUnavailable):
    """Redis holds a store that is being filled from Kafka. Retrying later helps."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__()
        self.retry_after_ms = retry_after_ms


class ServerClockWrong(StoreUnavailable):
    """The clock of this server and Redis's differ: its answers would be wrong. Retrying on another server helps."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__()
        self.retry_after_ms = retry_after_ms


class StoreMismatch(ConfigurationError):
    """This Redis holds a store of other settings, or may evict keys. Retrying does not help."""


class ClockDisagrees(ThunderError):
    """This machine's clock and Redis's differ by more than the allowed skew. It may agree again."""


class KafkaUnavailable(ThunderError):
    """Kafka cannot be reached or does not answer in time. Retrying may help."""


class KafkaRefused(ConfigurationError):
    """Kafka refused the credentials, the mechanism, the rights or the request. Retrying does not help."""


class TooManyBadMessages(ThunderError):
    """Nearly every message is bad: the topic, its schema or the framing setting is not what this worker expects."""
