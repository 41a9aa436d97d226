"""Log lines about malformed messages: enough to find the cause, never a flood, never a whole payload."""

import logging
from collections.abc import Sequence

from common.throttle import Throttle
from ingest.batch import Reject

_PREVIEW_BYTES = 32

_log = logging.getLogger("thunder.ingest")


class RejectLog:
    """One line for each batch with malformed messages, at most one per interval."""

    def __init__(self, topic: str, interval_seconds: float = 1.0) -> None:
        self._topic = topic
        self._throttle = Throttle(interval_seconds)
        self._unsaid = 0

    def rejected(self, rejects: Sequence[Reject], now: float) -> None:
        """Messages of one batch are malformed. now: seconds of any clock."""
        if not rejects:
            return
        self._unsaid += len(rejects)
        if self._throttle.lets_pass(now):
            _log.warning("%s", _line(self._topic, rejects[0], others=self._unsaid - 1))
            self._unsaid = 0


def _line(topic: str, reject: Reject, others: int) -> str:
    payload = reject.message.payload or b""
    more = f" (and {others} more since the last such line)" if others else ""
    return (
        f"Failed to parse Kafka message: topic {topic} partition {reject.message.partition} "
        f"offset {reject.message.offset}: {reject.detail}; {len(payload)} bytes, "
        f"first ones {payload[:_PREVIEW_BYTES].hex()}{more}"
    )
