"""Status of workers and display names, in a real Redis and a real Redis Cluster."""

import pytest

from common.errors import StoreUnavailable
from common.store.client import StoreClient
from common.store.display_names import read_names, write_names
from common.store.keys import NAMES, WORKERS, KeySpace
from common.store.worker_status import (
    FRESH_SECONDS,
    TTL_SECONDS,
    WorkerStatus,
    fresh,
    read_worker_statuses,
    remove_old_statuses,
    write_worker_status,
)

NOW = 1_700_000_000.5


def store_client(url: str) -> StoreClient:
    return StoreClient(url, KeySpace().buckets, timeout_seconds=5)


def test_each_worker_has_its_latest_status(store_url: str) -> None:
    client = store_client(store_url).meta_client()
    assert read_worker_statuses(client) == {}
    write_worker_status(client, "a", WorkerStatus(NOW, 10))
    write_worker_status(client, "b", WorkerStatus(NOW, 5, lag=3, posts=100))
    write_worker_status(client, "a", WorkerStatus(NOW + 1, 20))
    assert read_worker_statuses(client) == {"a": (NOW + 1, 20, None, None), "b": (NOW, 5, 3, 100)}
    assert 0 < client.ttl(WORKERS.decode()) <= TTL_SECONDS


def test_what_workers_leave_behind_is_stale_and_later_taken_away(redis_url: str) -> None:
    client = store_client(redis_url).meta_client()
    write_worker_status(client, "gone", WorkerStatus(NOW - TTL_SECONDS - 1, 10))
    write_worker_status(client, "late", WorkerStatus(NOW - FRESH_SECONDS - 1, 10))
    write_worker_status(client, "here", WorkerStatus(NOW, 10))
    assert fresh(read_worker_statuses(client), NOW).keys() == {"here"}
    remove_old_statuses(client, NOW)
    assert read_worker_statuses(client).keys() == {"late", "here"}


def test_a_status_that_is_not_ours_is_no_answer(redis_url: str) -> None:
    client = store_client(redis_url).meta_client()
    client.hset(WORKERS.decode(), "a", "nonsense")
    client.expire(WORKERS.decode(), 60)
    with pytest.raises(StoreUnavailable, match="not a status of Thunder"):
        read_worker_statuses(client)


def test_any_name_is_found_by_id(store_url: str) -> None:
    client = store_client(store_url).meta_client()
    hostile = "<img src=x onerror=alert(1)>"
    write_names(client, {1: "Ada", 2: hostile, 3: "\ud800", 4: "x" * 1000}, ttl_seconds=60)
    write_names(client, {1: "Ada Aiko"}, ttl_seconds=60)
    names = read_names(client, [4, 3, 2, 1, 2**63 - 1])
    assert names == {1: "Ada Aiko", 2: hostile, 3: "?", 4: "x" * 80}
    assert read_names(client, []) == {}
    assert 0 < client.ttl(NAMES.decode()) <= 60
