"""Catch-up status of each partition in Redis: ingest writes it, serve reads it without knowing the topics.

One hash: field "<topic>:partitions" holds the number of partitions of a topic, field "<topic>:<partition>" the lineage
of the store for which that partition has caught up. Names of topics have no colon.
"""

from collections.abc import Mapping
from typing import cast

import redis

from common.store.client import redis_errors_as_unavailable
from common.store.keys import CATCH_UP

_PARTITIONS = ":partitions"


def report_caught_up(
    client: redis.Redis, topic: str, partition: int, partitions: int, lineage: str, ttl_seconds: int
) -> None:
    """Record that a partition of a topic has caught up. StoreUnavailable."""
    pipeline = client.pipeline(transaction=False)
    pipeline.hset(CATCH_UP.decode(), mapping={f"{topic}{_PARTITIONS}": partitions, f"{topic}:{partition}": lineage})
    pipeline.expire(CATCH_UP.decode(), ttl_seconds)
    with redis_errors_as_unavailable():
        pipeline.execute()


def read_status(client: redis.Redis) -> dict[str, str]:
    """The status hash. StoreUnavailable."""
    with redis_errors_as_unavailable():
        held = cast("dict[bytes, bytes]", client.hgetall(CATCH_UP.decode()))
    return {field.decode(): value.decode() for field, value in held.items()}


def lagging_partitions(status: Mapping[str, str], lineage: str) -> dict[str, list[int]]:
    """Partitions that have not caught up, for each topic that fills the store. Empty before any report."""
    return {
        topic: [partition for partition in range(int(count)) if status.get(f"{topic}:{partition}") != lineage]
        for topic, count in _partition_counts(status)
    }


def _partition_counts(status: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(field.removesuffix(_PARTITIONS), count) for field, count in status.items() if field.endswith(_PARTITIONS)]
