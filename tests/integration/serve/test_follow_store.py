"""Follow lists in a real Redis and a real Redis Cluster."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import pytest
import redis
from redis.cluster import RedisCluster as ClusterClient
from redis.crc import key_slot

from common.errors import StoreUnavailable
from common.store.keys import KeySpace
from serve.store.follow_store import RedisFollows
from serve.store.nodes import NodeConnections
from tests.support.in_loop import in_loop
from tests.support.redis.servers import RedisCluster, RedisServer
from tests.support.unused import free_port

BUCKETS = 256


@asynccontextmanager
async def follows_in(url: str, timeout_seconds: float = 5) -> AsyncGenerator[RedisFollows]:
    connections = NodeConnections(url, BUCKETS, timeout_seconds)
    yield RedisFollows(connections, KeySpace(BUCKETS))
    connections.close()


def follow(url: str, viewer_id: int, *targets: int) -> None:
    """The viewer follows the targets, the last one last."""
    with redis.Redis.from_url(url) as alone:
        is_cluster = alone.info("cluster")["cluster_enabled"]
    with ClusterClient.from_url(url) if is_cluster else redis.Redis.from_url(url) as client:
        key = KeySpace(BUCKETS).viewer(viewer_id).follows.decode()
        client.zadd(key, {str(target): at for at, target in enumerate(targets)})
        if isinstance(client, ClusterClient):
            client.disconnect_connection_pools()  # its own end leaves them to the garbage collector


@in_loop
async def test_the_newest_follows_come_first(store_url: str) -> None:
    for viewer_id in range(101, 120):  # over all nodes of a cluster
        follow(store_url, viewer_id, 30, 10, 2**63 - 1, viewer_id)
    async with follows_in(store_url) as follows:
        lists = await asyncio.gather(*(follows.following(viewer_id, 3) for viewer_id in range(101, 120)))
        assert [await follows.held(viewer_id) for viewer_id in (101, 119, 404)] == [4, 4, 0]
    assert lists == [[viewer_id, 2**63 - 1, 10] for viewer_id in range(101, 120)]


@in_loop
async def test_a_viewer_without_follows_has_an_empty_list(redis_url: str) -> None:
    async with follows_in(redis_url) as follows:
        assert await follows.following(404, 10) == []


@in_loop
async def test_a_cancelled_caller_leaves_the_connection_to_others(redis_url: str) -> None:
    follow(redis_url, 1, 20)
    async with follows_in(redis_url) as follows:
        await follows.following(1, 10)
        cancelled = asyncio.ensure_future(follows.following(1, 10))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert await follows.following(1, 10) == [20]


@in_loop
async def test_a_failure_of_a_cancelled_caller_is_not_logged(
    redis_url: str, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with follows_in(redis_url, timeout_seconds=0.2) as follows:
        await follows.following(1, 10)
        with redis_server.frozen():
            cancelled = asyncio.ensure_future(follows.following(1, 10))
            await asyncio.sleep(0)
            cancelled.cancel()
            with pytest.raises(StoreUnavailable):  # later than that of the cancelled caller
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


@in_loop
async def test_replies_of_cancelled_callers_are_discarded(store_url: str) -> None:
    for viewer_id in range(1, 21):
        follow(store_url, viewer_id, viewer_id + 100)
    async with follows_in(store_url) as follows:
        await follows.following(1, 10)
        asked = [asyncio.ensure_future(follows.following(viewer_id, 10)) for viewer_id in range(1, 21)]
        await asyncio.sleep(0)
        for cancelled in asked[::2]:
            cancelled.cancel()
        assert await asyncio.gather(*asked[1::2]) == [[viewer_id + 100] for viewer_id in range(2, 21, 2)]


@in_loop
async def test_a_lost_connection_is_replaced_at_once(redis_url: str) -> None:
    follow(redis_url, 1, 20)
    async with follows_in(redis_url) as follows:
        assert await follows.following(1, 10) == [20]
        with redis.Redis.from_url(redis_url) as client:
            client.client_kill_filter(_type="normal", skipme=True)
        assert await follows.following(1, 10) == [20]


def masters_of(cluster: RedisCluster, key: bytes) -> list[RedisServer]:
    """The node that has the key, then the others."""
    return sorted(cluster.nodes, key=lambda node: not node.command("CLUSTER COUNTKEYSINSLOT", key_slot(key)))


@in_loop
async def test_a_list_is_found_after_its_slot_has_moved(redis_cluster: RedisCluster, redis_cluster_url: str) -> None:
    follow(redis_cluster_url, 1, 20)
    key = KeySpace(BUCKETS).viewer(1).follows
    source, *others = masters_of(redis_cluster, key)
    async with follows_in(redis_cluster_url) as follows:
        assert await follows.following(1, 10) == [20]
        for target in (*others, source):
            redis_cluster.move_slot(key_slot(key), target)
            assert await follows.following(1, 10) == [20]


@in_loop
async def test_a_list_is_found_while_its_slot_moves(redis_cluster: RedisCluster, redis_cluster_url: str) -> None:
    follow(redis_cluster_url, 1, 20)
    key = KeySpace(BUCKETS).viewer(1).follows
    source, target, _ = masters_of(redis_cluster, key)
    async with follows_in(redis_cluster_url) as follows:
        assert await follows.following(1, 10) == [20]
        target.command("CLUSTER SETSLOT", key_slot(key), "IMPORTING", id_of(source))
        source.command("CLUSTER SETSLOT", key_slot(key), "MIGRATING", id_of(target))
        source.command("MIGRATE", "127.0.0.1", target.port, key.decode(), 0, 5000)
        try:
            assert await follows.following(1, 10) == [20]
        finally:
            redis_cluster.move_slot(key_slot(key), target)
            redis_cluster.move_slot(key_slot(key), source)


def id_of(node: RedisServer) -> str:
    return cast("bytes", node.command("CLUSTER MYID")).decode()


@in_loop
async def test_a_cancelled_caller_waits_for_its_replies(redis_url: str, redis_server: RedisServer) -> None:
    follow(redis_url, 1, 20)
    async with follows_in(redis_url) as follows:
        await follows.following(1, 10)
        with redis_server.frozen():
            cancelled = asyncio.ensure_future(follows.following(1, 10))
            await asyncio.sleep(0)
            cancelled.cancel()
            done, _ = await asyncio.wait([cancelled], timeout=0.2)
            assert not done
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert await follows.following(1, 10) == [20]


@in_loop
async def test_a_cancelled_caller_waits_for_the_timeout_at_most(redis_url: str, redis_server: RedisServer) -> None:
    async with follows_in(redis_url, timeout_seconds=0.3) as follows:
        await follows.following(1, 10)
        with redis_server.frozen():
            cancelled = asyncio.ensure_future(follows.following(1, 10))
            await asyncio.sleep(0)
            cancelled.cancel()
            done, _ = await asyncio.wait([cancelled], timeout=2)
            assert done
            assert cancelled.cancelled()
