"""Which topic an event of a source goes to, and as which message. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from ingest.decode.follow_event import encode_follow, follow_key
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import Event, Follow
from ingest.sources.producer.outgoing import Addressed


class TrackedEvent(NamedTuple):
    """An event on its way, by its number in the ledger."""

    number: int
    event: Event | Follow


def addressing(topic: str, follows_topic: str) -> Callable[[TrackedEvent], Addressed]:
    """Follows go to the one topic, whatever happens to posts to the other."""

    def addressed(sending: TrackedEvent) -> Addressed:
        event = sending.event
        if isinstance(event, Follow):
            return Addressed(follows_topic, follow_key(event), encode_follow(event))
        return Addressed(topic, event_key(event), encode_event(event))

    return addressed
