"""Rejections of requests by admission: for the caller and the metrics. Pure."""

from enum import StrEnum
from typing import NamedTuple

AT_CAPACITY = "Server at capacity, please retry"
OVER_RATE = "QPS rate limit exceeded, please retry"


class RejectionReason(StrEnum):
    """Reason of a rejection. A closed set: it labels a metric.

    capacity: units or bytes of the admitted requests. share: that of the caller. delay: the queueing delay.
    rate: requests per second. untaken: answers that the caller does not take. unread: its calls without a request.
    """

    CAPACITY = "capacity"
    SHARE = "share"
    DELAY = "delay"
    RATE = "rate"
    UNTAKEN = "untaken"
    UNREAD = "unread"


class Rejection(NamedTuple):
    """A rejection in words for the caller, with the wait before a retry."""

    message: str
    retry_after_ms: int
    reason: RejectionReason = RejectionReason.CAPACITY


class Rejected(Exception):
    """An admitted request turned out to cost more than what is left of the capacity."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.message)
        self.rejection = rejection
