"""Producing events to the refined topic."""

import time
from collections.abc import Iterable

from confluent_kafka import Producer

from common.post import LightPost
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import Event


def produce_events(bootstrap: str, topic: str, events: Iterable[Event]) -> None:
    """Return when all are acknowledged."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "partitioner": "murmur2_random"})
    for event in events:
        producer.produce(topic, encode_event(event), event_key(event))
    assert producer.flush(30) == 0


def recent_posts(first_id: int, last_id: int, author_id: int = 7) -> list[LightPost]:
    """Posts of the last minutes with ids from first to last."""
    now = int(time.time())
    return [LightPost(post_id, author_id, now - 60 - post_id % 60) for post_id in range(first_id, last_id + 1)]
