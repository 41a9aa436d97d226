"""Status of each ingest worker, kept in Redis for the live page: a hash with a field per worker, written every second.

Nothing depends on it. A worker that ends leaves its field behind: readers use fresh ones only, and each worker that
starts removes old ones.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple, cast

import redis

from common.errors import StoreUnavailable
from common.store.client import redis_errors_as_unavailable
from common.store.keys import WORKERS

FRESH_SECONDS = 5.0
TTL_SECONDS = 60


class WorkerStatus(NamedTuple):
    """at: Unix seconds; applied: events since the worker's start; None where it is unknown.

    lag counts the messages of its own partitions, posts estimates those of the whole store.
    """

    at: float
    applied: int
    lag: int | None = None
    posts: int | None = None


def write_worker_status(client: redis.Redis, worker: str, status: WorkerStatus) -> None:
    """Replace the status of the worker of that name. StoreUnavailable."""
    pipeline = client.pipeline(transaction=True)  # a worker may be killed at any moment, and the key must expire then
    pipeline.hset(WORKERS.decode(), worker, json.dumps(status))
    pipeline.expire(WORKERS.decode(), TTL_SECONDS)
    with redis_errors_as_unavailable():
        pipeline.execute()


def read_worker_statuses(client: redis.Redis) -> dict[str, WorkerStatus]:
    """Every status, old ones too, by worker. StoreUnavailable."""
    with redis_errors_as_unavailable():
        held = cast("dict[bytes, bytes]", client.hgetall(WORKERS.decode()))
    try:
        return {worker.decode(): WorkerStatus(*json.loads(status)) for worker, status in held.items()}
    except (ValueError, TypeError) as error:
        raise StoreUnavailable(f"the hash {WORKERS.decode()} in Redis is not a status of Thunder: {error}") from error


def fresh(statuses: Mapping[str, WorkerStatus], now: float) -> dict[str, WorkerStatus]:
    """Statuses of workers that run at now (Unix seconds), as far as the clocks agree."""
    return {worker: status for worker, status in statuses.items() if abs(now - status.at) <= FRESH_SECONDS}


def remove_old_statuses(client: redis.Redis, now: float) -> None:
    """Remove statuses of workers that ended. StoreUnavailable. now in Unix seconds."""
    statuses = read_worker_statuses(client)
    old = [worker for worker, status in statuses.items() if now - status.at > TTL_SECONDS]
    if old:
        with redis_errors_as_unavailable():
            client.hdel(WORKERS.decode(), *old)
