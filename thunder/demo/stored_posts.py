"""Counts what has arrived in the store."""

from collections.abc import Iterable
from typing import cast

import redis
from redis.exceptions import RedisError

from common.errors import StoreUnavailable
from common.store.keys import KeySpace


class StoredPosts:
    """Exact, unlike the estimates that ingest exports: a demo knows all of its authors."""

    def __init__(self, redis_url: str) -> None:
        """For a store with the default layout."""
        self._client = redis.Redis.from_url(redis_url)
        self._keys = KeySpace()

    def count(self, authors: Iterable[int]) -> int:
        """Posts, replies and reposts of these authors. Raises StoreUnavailable."""
        pipeline = self._client.pipeline(transaction=False)
        for author in authors:
            pipeline.zcard(self._keys.author(author).posts)
        try:
            return sum(cast("list[int]", pipeline.execute()))
        except RedisError as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
