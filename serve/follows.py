"""Whom a viewer follows, for callers that do not say."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.errors import StoreUnavailable
from common.keys import follows_key


class FollowStore(Protocol):
    """Where follow lists are kept."""

    async def following(self, viewer_id: int, limit: int) -> list[int]:
        """Ids of the authors the viewer follows, newest follow first, limit at most. StoreUnavailable."""
        ...


class RedisFollows:
    """Follow lists in Redis: a sorted set per viewer, members are ids in decimal, the newest follow scores highest."""

    def __init__(self, client: Redis, buckets: int) -> None:
        self._client = client
        self._buckets = buckets

    async def following(self, viewer_id: int, limit: int) -> list[int]:
        """As FollowStore. Bounded by the client's timeouts."""
        # A cancelled command would cost its connection: a caller who leaves does not take it with him.
        members = await asyncio.shield(asyncio.ensure_future(self._newest(viewer_id, limit)))
        return [int(member) for member in members]

    async def _newest(self, viewer_id: int, limit: int) -> list[bytes]:
        key = follows_key(viewer_id, self._buckets)
        try:
            return await cast("Awaitable[list[bytes]]", self._client.zrevrange(key, 0, limit - 1))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error
