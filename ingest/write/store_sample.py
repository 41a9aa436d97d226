"""Estimates the number of posts and authors in the store from a sample: an exact count would take too long."""

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import redis

from common.store.client import StoreClient, failures, redis_errors_as_unavailable
from common.store.commands import NodeCommand, pack
from common.store.keys import KeySpace
from common.store.record import REPLY, REPOST, TOMBSTONE, VIDEO

ENOUGH_RECORDS = 4000
HASHES_PER_ROUND = 256
MOST_HASHES = 8192
"""Hashes read when they are nearly empty: then a few records are all that the store holds."""

SAMPLED_KEYS = 256


class StoreEstimate(NamedTuple):
    """Numbers of entities, scaled up from a sample."""

    users: int
    posts: int
    original_posts: int
    secondary_posts: int
    video_posts: int
    deleted_posts: int


def estimate(records: Iterable[bytes], share: float, users: int) -> StoreEstimate:
    """From the records of a share (0..1] of the post hashes. Pure."""
    kinds = [record[0] for record in records]
    live = [flags for flags in kinds if not flags & TOMBSTONE]
    secondary = sum(bool(flags & (REPLY | REPOST)) for flags in live)
    counts = (
        len(live),
        len(live) - secondary,
        secondary,
        sum(bool(flags & VIDEO) for flags in live),
        len(kinds) - len(live),
    )
    return StoreEstimate(users, *(round(count / share) for count in counts))


def sample_store(store_client: StoreClient, keys: KeySpace) -> StoreEstimate:
    """Read a few random hashes and keys. StoreUnavailable. Blocks."""
    numbers = random.sample(range(keys.post_hashes), min(MOST_HASHES, keys.post_hashes))
    records: list[bytes] = []
    read = 0
    while read < len(numbers) and len(records) < ENOUGH_RECORDS:
        records += _records(store_client, keys, numbers[read : read + HASHES_PER_ROUND])
        read += HASHES_PER_ROUND
    share = min(read, len(numbers)) / keys.post_hashes
    return estimate(records, share, _users(store_client.node_clients()))


def _records(store_client: StoreClient, keys: KeySpace, numbers: Iterable[int]) -> list[bytes]:
    hashes = [keys.post_hash(number) for number in numbers]
    replies = store_client.run([NodeCommand(key.bucket, pack((b"HVALS", key.hash))) for key in hashes])
    if failed := failures(replies):
        raise failed[0]
    return [record for reply in replies for record in cast("Sequence[bytes]", reply)]


def _users(nodes: Iterable[redis.Redis]) -> int:
    """Authors with posts: their share of random keys, times the number of keys."""
    users = 0.0
    for node in nodes:
        pipeline = node.pipeline(transaction=False)
        pipeline.dbsize()
        for _ in range(SAMPLED_KEYS):
            pipeline.randomkey()
        with redis_errors_as_unavailable():
            size, *names = cast("list[int | bytes | None]", pipeline.execute())
        of_authors = sum(isinstance(name, bytes) and name.startswith(b"a:") and b":p:" in name for name in names)
        users += cast("int", size) * of_authors / SAMPLED_KEYS
    return round(users)
