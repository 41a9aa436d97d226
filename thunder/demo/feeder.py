"""Feeds a topic, never far ahead of those who read it: the embedded broker forgets what lies unread for long."""

from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from confluent_kafka import KafkaError, Message, Producer

from common.errors import KafkaUnavailable
from thunder.demo.event_feed import Entrance, Feed, FeedMessage
from thunder.demo.roles import Addresses

MOST_AHEAD = 5000
"""Events on their way: at 200 bytes at most, a third of what one partition keeps."""

_SECONDS_TO_DELIVER = 10.0


class OnTheirWay(Protocol):
    """The part of Lag that the feeder needs."""

    def events(self) -> int:
        """Events written and not yet read for good."""
        ...


class Feeder:
    """Hands over what is due. `fed` counts messages, `authors` holds who has posted."""

    def __init__(self, feed: Feed, addresses: Addresses, lag: OnTheirWay) -> None:
        """Write to the topic that the feed enters by."""
        self.fed = 0
        self.authors: set[int] = set()
        self._topic = addresses.topic_raw if feed.entrance is Entrance.RAW else addresses.topic_refined
        self._messages = feed.messages
        self._next: FeedMessage | None = next(self._messages, None)
        self._lag = lag
        self._producer = Producer({"bootstrap.servers": addresses.kafka, "linger.ms": 0, "log_level": 0})
        self._failure: KafkaError | None = None

    def feed_until(self, now: float) -> bool:
        """Send what is due, as far as there is room, and wait until the broker has it. Raises KafkaUnavailable.

        Returns whether that was all of it.
        """
        room = MOST_AHEAD - self._lag.events()
        for message in islice(self._due(now), max(0, room)):
            self._producer.produce(self._topic, message.payload, message.key, on_delivery=self._delivered)
            self.fed += 1
            if message.author_id is not None:
                self.authors.add(message.author_id)
        undelivered = self._producer.flush(_SECONDS_TO_DELIVER)
        if undelivered or self._failure is not None:
            raise KafkaUnavailable(f"the embedded broker has not taken what was sent: {self._failure or 'no answer'}")
        return self._next is None or self._next.due_at > now

    def _due(self, now: float) -> Iterator[FeedMessage]:
        while (message := self._next) is not None and message.due_at <= now:
            self._next = next(self._messages, None)
            yield message

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self._failure = self._failure or error

    def close(self) -> None:
        """Close the connection."""
        self._producer.close()
