"""How large a batch is, and how long to wait for it: size or linger, whichever comes first."""

from typing import NamedTuple

from common.kafka.settings import KafkaSettings


class Batching(NamedTuple):
    """fetch_timeout: longest wait for a first message; linger: longest wait for others after it. Both in seconds."""

    size: int = 1000
    catch_up_size: int = 5000
    fetch_timeout: float = 1.0
    linger: float = 0.02

    def wanted(self, catching_up: bool, events_per_message: float = 1.0) -> int:
        """How many messages to ask for, so that they hold a batch of events."""
        events = max(self.size, self.catch_up_size) if catching_up else self.size
        return max(1, round(events / events_per_message))


def batching_of(settings: KafkaSettings) -> Batching:
    """What the settings say."""
    return Batching(
        settings.kafka_batch_size,
        settings.catch_up_batch_size,
        settings.fetch_timeout_ms / 1000,
        settings.batch_linger_ms / 1000,
    )
