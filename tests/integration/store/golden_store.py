"""The store as the first version wrote it: bytes that later versions must read and extend.

`python -m tests.integration.store.golden_store URL` writes them again through an empty Redis: after a change of the
layout, not for new members.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict, cast

import redis

from common.post import LightPost
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from ingest.events import AuthorDelete, Event, PostDelete
from tests.support.redis.event_writer import EventWriter
from tests.support.redis.stored_posts import stored_values

GOLDEN = Path(__file__).parents[2] / "data" / "store_of_version_1.json"
KEYS = KeySpace(buckets=4, post_hashes=8)
RETENTION = Retention(600, 60)
NOW = 1_790_000_000
ANN, BOB, EVE = 5, 6, 7

EVENTS: list[Event] = [
    LightPost(100, ANN, NOW - 300, conversation_id=100),
    LightPost(101, ANN, NOW - 200, conversation_id=101, has_video=True),
    LightPost(102, ANN, NOW - 200),
    LightPost(200, BOB, NOW - 150, 100, ANN, is_reply=True, conversation_id=100),
    LightPost(201, BOB, NOW - 140, is_retweet=True, source_post_id=101, source_user_id=ANN, conversation_id=201),
    LightPost(202, BOB, NOW - 130, 100, ANN, True, True, 102, ANN, True, 100),
    LightPost(203, BOB, NOW - 120),
    PostDelete(203, NOW),
    PostDelete(204, NOW),
    LightPost(300, EVE, NOW - 100),
    AuthorDelete(EVE, NOW - 50),
    LightPost(301, EVE, NOW - 60),
    LightPost(302, EVE, NOW - 40),
]


class _Pinned(TypedDict):
    """Keys, fields, values and members in hexadecimal."""

    hashes: dict[str, dict[str, str]]
    sorted_sets: dict[str, dict[str, float]]


def load_golden_store(url: str) -> dict[bytes, object]:
    """Put the pinned bytes into an empty Redis; return them as stored_values() does."""
    pinned = cast("_Pinned", json.loads(GOLDEN.read_text()))
    with redis.Redis.from_url(url) as client:
        for key, fields in pinned["hashes"].items():
            client.hset(_key(key), mapping={bytes.fromhex(name): bytes.fromhex(fields[name]) for name in fields})
            client.expire(_key(key), RETENTION.ttl_seconds)
        for key, scores in pinned["sorted_sets"].items():
            client.zadd(_key(key), {bytes.fromhex(member): scores[member] for member in scores})
            client.expire(_key(key), RETENTION.ttl_seconds)
    return stored_values(url)


def write_events(url: str, events: list[Event], now: int = NOW) -> None:
    """Write them as an ingest worker does."""
    store_client = StoreClient(url, KEYS.buckets, timeout_seconds=5)
    try:
        EventWriter(store_client, KEYS, RETENTION).write(events, now)
    finally:
        store_client.close()


def _key(name: str) -> str:
    return bytes.fromhex(name).decode()


def _pin(values: dict[bytes, object]) -> _Pinned:
    pinned = _Pinned(hashes={}, sorted_sets={})
    for key, held in sorted(values.items()):
        if isinstance(held, dict):
            fields = sorted(cast("dict[bytes, bytes]", held).items())
            pinned["hashes"][key.hex()] = {name.hex(): value.hex() for name, value in fields}
        else:
            pinned["sorted_sets"][key.hex()] = {
                member.hex(): score for member, score in cast("list[tuple[bytes, float]]", held)
            }
    return pinned


if __name__ == "__main__":
    write_events(sys.argv[1], EVENTS)
    GOLDEN.write_text(json.dumps(_pin(stored_values(sys.argv[1])), indent=1) + "\n")
