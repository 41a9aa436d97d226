"""Whom a viewer follows, for callers that do not say."""

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from common.errors import StoreUnavailable
from common.store.keys import KeySpace


class RedisFollows:
    """Follow lists in one Redis or a Redis Cluster: a sorted set per viewer, members are ids in decimal."""

    def __init__(self, url: str, buckets: int, timeout_seconds: float) -> None:
        self._url = url
        self._keys = KeySpace(buckets)
        self._options: dict[str, Any] = {
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
            "retry": Retry(NoBackoff(), 1),  # one: an idle connection may have been closed by the server
            "protocol": 2,
            "driver_info": None,  # saying who we are takes a right that a user need not have
        }
        self._client: Redis | RedisCluster | None = None
        self._connecting = asyncio.Lock()

    async def following(self, viewer_id: int, limit: int) -> list[int]:
        """As FollowStore."""
        asking = asyncio.ensure_future(self._newest(viewer_id, limit))
        asking.add_done_callback(_heard)
        # A cancelled command would cost its connection: a caller who leaves does not take it with him.
        return [int(member) for member in await asyncio.shield(asking)]

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _newest(self, viewer_id: int, limit: int) -> list[bytes]:
        key = self._keys.viewer(viewer_id).follows
        try:
            client = self._client or await self._connect()
            return await cast("Awaitable[list[bytes]]", client.zrevrange(key.decode(), 0, limit - 1))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error

    async def _connect(self) -> Redis | RedisCluster:
        async with self._connecting:
            if self._client is None:
                alone = Redis.from_url(self._url, **self._options)
                if (await alone.info("cluster")).get("cluster_enabled"):
                    await alone.aclose()
                    # Initialised before anyone else uses it: its own lazy start is not made for concurrent callers.
                    self._client = await RedisCluster.from_url(self._url, **self._options)
                else:
                    self._client = alone
            return self._client


def _heard(asked: asyncio.Task[list[bytes]]) -> None:
    """Take note of a failure whose caller has left: asyncio would log it as a defect."""
    if not asked.cancelled():
        asked.exception()
