"""Follow lists in a real Redis and a real Redis Cluster."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import redis
from redis.cluster import RedisCluster

from common.errors import StoreUnavailable
from common.store.keys import KeySpace
from serve.store.follow_store import RedisFollows
from tests.support.in_loop import in_loop
from tests.support.redis.servers import RedisServer
from tests.support.unused import free_port

BUCKETS = 256


@asynccontextmanager
async def follows_in(url: str, timeout_seconds: float = 5) -> AsyncGenerator[RedisFollows]:
    follows = RedisFollows(url, BUCKETS, timeout_seconds)
    yield follows
    await follows.close()


def follow(url: str, viewer_id: int, *targets: int) -> None:
    """The viewer follows the targets, the last one last."""
    with redis.Redis.from_url(url) as alone:
        is_cluster = alone.info("cluster")["cluster_enabled"]
    with RedisCluster.from_url(url) if is_cluster else redis.Redis.from_url(url) as client:
        key = KeySpace(BUCKETS).viewer(viewer_id).follows.decode()
        client.zadd(key, {str(target): at for at, target in enumerate(targets)})


@in_loop
async def test_the_newest_follows_come_first(store_url: str) -> None:
    for viewer_id in range(101, 120):  # over all nodes of a cluster
        follow(store_url, viewer_id, 30, 10, 2**63 - 1, viewer_id)
    async with follows_in(store_url) as follows:
        lists = await asyncio.gather(*(follows.following(viewer_id, 3) for viewer_id in range(101, 120)))
    assert lists == [[viewer_id, 2**63 - 1, 10] for viewer_id in range(101, 120)]


@in_loop
async def test_a_viewer_without_follows_follows_nobody(redis_url: str) -> None:
    async with follows_in(redis_url) as follows:
        assert await follows.following(404, 10) == []


@in_loop
async def test_a_caller_who_leaves_costs_nobody_a_connection(redis_url: str) -> None:
    follow(redis_url, 1, 20)
    async with follows_in(redis_url) as follows:
        await follows.following(1, 10)
        leaving = asyncio.ensure_future(follows.following(1, 10))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await follows.following(1, 10) == [20]


@in_loop
async def test_a_failure_that_nobody_waits_for_any_more_is_not_told(
    redis_url: str, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with follows_in(redis_url, timeout_seconds=0.2) as follows:
        await follows.following(1, 10)
        with redis_server.frozen():
            leaving = asyncio.ensure_future(follows.following(1, 10))
            await asyncio.sleep(0)
            leaving.cancel()
            with pytest.raises(StoreUnavailable):  # later than the one of the caller who left
                await follows.following(1, 10)
        gc.collect()
    assert not caplog.messages


@in_loop
async def test_a_silent_redis_is_unavailable() -> None:
    async with follows_in(f"redis://127.0.0.1:{free_port()}") as follows:
        with pytest.raises(StoreUnavailable):
            await follows.following(1, 10)


@in_loop
async def test_a_redis_that_answers_again_is_asked_again(redis_url: str, redis_server: RedisServer) -> None:
    follow(redis_url, 1, 20)
    async with follows_in(redis_url, timeout_seconds=0.3) as follows:
        assert await follows.following(1, 10) == [20]
        with redis_server.frozen(), pytest.raises(StoreUnavailable):
            await follows.following(1, 10)
        assert await follows.following(1, 10) == [20]
