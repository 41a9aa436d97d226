"""Which topic an event of a source goes to, and as which message. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from ingest.events import Event, Follow
from ingest.follow_events import encode_follow, follow_key
from ingest.refined import encode_event, event_key
from ingest.sources.producer.parcel import Addressed


class Sending(NamedTuple):
    """An event on its way, by its number in the ledger."""

    number: int
    event: Event | Follow


def addressing(topic: str, follows_topic: str) -> Callable[[Sending], Addressed]:
    """Follows go to the one topic, whatever happens to posts to the other."""

    def addressed(sending: Sending) -> Addressed:
        event = sending.event
        if isinstance(event, Follow):
            return Addressed(follows_topic, follow_key(event), encode_follow(event))
        return Addressed(topic, event_key(event), encode_event(event))

    return addressed
