"""The counts of a source in a real Redis: one alone, and a cluster."""

import pytest
import redis

from common.errors import StoreUnavailable
from common.settings.redis import RedisSettings
from common.store.keys import source_key
from ingest.sources.count_store import KEPT_SECONDS, CountKeeper, CountStore
from ingest.sources.statistics import Counts, of_fields
from tests.support.redis.servers import RedisServer

RUN = Counts(6, 3, 1, 0, 2, {"post": 4}, {"like": 1}, {"queue_full": 1})


def store(url: str, source: str = "bluesky", timeout_ms: int = 2000) -> CountStore:
    return CountStore(RedisSettings.model_validate({"redis_url": url, "redis_timeout_ms": timeout_ms}), source)


def test_what_was_never_kept_is_nothing(store_url: str) -> None:
    assert store(store_url).read() == (of_fields({}), "")


def test_runs_add_up_and_the_latest_position_stays(store_url: str) -> None:
    for position in ("10", "20"):
        CountKeeper(store(store_url).add).keep(RUN, position)

    kept = store(store_url).read()
    assert kept.totals == Counts(12, 6, 2, 0, 4, {"post": 8}, {"like": 2}, {"queue_full": 2})
    assert kept.position == "20"


def test_a_run_without_a_position_leaves_the_one_that_is_kept(store_url: str) -> None:
    counts = store(store_url)
    counts.add({"received": 1}, "10")
    counts.add({"received": 1}, "")

    assert counts.read().position == "10"


def test_each_source_has_its_own(store_url: str) -> None:
    store(store_url, "bluesky").add({"received": 1}, "10")

    assert store(store_url, "wikipedia").read() == (of_fields({}), "")


def test_they_outlive_the_last_run_by_a_month(redis_url: str) -> None:
    store(redis_url).add({"received": 1}, "10")

    with redis.Redis.from_url(redis_url) as client:
        assert KEPT_SECONDS - 60 < int(str(client.ttl(source_key("bluesky").decode()))) <= KEPT_SECONDS


def test_hanging_redis_costs_the_timeout_and_is_used_again(redis_url: str, redis_server: RedisServer) -> None:
    counts = store(redis_url, timeout_ms=200)
    keeper = CountKeeper(counts.add)
    keeper.keep(RUN, "10")
    with redis_server.frozen():
        keeper.keep(RUN._replace(received=7), "11")
        with pytest.raises(StoreUnavailable):
            counts.read()
    keeper.keep(RUN._replace(received=8), "12")

    kept = counts.read()
    assert (kept.totals.sent, kept.position) == ({"post": 4}, "12")
    assert kept.totals.received in (8, 9)  # the addition whose reply was lost may have counted
