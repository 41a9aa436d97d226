"""What goes through the producer: an item with its address, then a message with the items in it. Pure."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
"""What the caller puts in and is told about."""


class Addressed(NamedTuple):
    """An item as Kafka takes it. Items of one topic and key arrive in the order they were put in."""

    topic: str
    key: bytes
    value: bytes


class QueuedItem(NamedTuple, Generic[T]):
    """An item that waits to be sent."""

    item: T
    address: Addressed


class OutgoingMessage(NamedTuple, Generic[T]):
    """One message of Kafka, and the items in it. partition is None where the key decides it."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes
    items: tuple[T, ...]


class DeliveryFailure(NamedTuple):
    """Why an item is not in Kafka, or not known to be. reason is in librdkafka's words."""

    reason: str
