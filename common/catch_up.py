"""How far ingest has caught up with the topic that fills the store, kept in Redis: ingest writes it, serve reads it.

A hash per topic: field "partitions" holds their number, field "<partition>" the lineage of the store for which that
partition has caught up.
"""

from collections.abc import Mapping
from typing import cast

import redis
from redis.exceptions import RedisError

from common.errors import StoreUnavailable
from common.keys import status_key

_PARTITIONS = b"partitions"


def report_caught_up(
    client: redis.Redis, topic: str, partition: int, partitions: int, lineage: str, ttl_seconds: int
) -> None:
    """Say that the partition has caught up. StoreUnavailable."""
    key = status_key(topic).decode()
    pipeline = client.pipeline(transaction=False)
    pipeline.hset(key, mapping={"partitions": partitions, str(partition): lineage})
    pipeline.expire(key, ttl_seconds)
    try:
        pipeline.execute()
    except RedisError as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


def read_status(client: redis.Redis, topic: str) -> dict[bytes, bytes]:
    """The status hash of a topic. StoreUnavailable."""
    try:
        return cast("dict[bytes, bytes]", client.hgetall(status_key(topic).decode()))
    except RedisError as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


def lagging_partitions(status: Mapping[bytes, bytes], lineage: str) -> list[int] | None:
    """Partitions that have not caught up with this store; None when ingest has not reported at all."""
    if _PARTITIONS not in status:
        return None
    partitions = range(int(status[_PARTITIONS]))
    return [partition for partition in partitions if status.get(b"%d" % partition) != lineage.encode()]
