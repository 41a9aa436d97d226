"""Reads the posts of a store from Redis without the product's reader."""

from typing import cast

import redis

from common.store.keys import META, KeySpace
from common.store.member import post_id


def stored_ids(url: str, author_id: int) -> list[int]:
    """Ids of the author's posts, oldest first."""
    with redis.Redis.from_url(url) as client:
        members = cast("list[bytes]", client.zrange(KeySpace().author(author_id).posts, 0, -1))
    return [post_id(member) for member in members]


def stored_values(url: str) -> dict[bytes, object]:
    """Value of every key about posts: equal for two stores that hold the same."""
    with redis.Redis.from_url(url) as client:
        keys = cast("list[bytes]", client.keys("*"))
        return {key: _value(client, key) for key in keys if key != META and not key.startswith((b"s:", b"w:"))}


def _value(client: redis.Redis, key: bytes) -> object:
    if client.type(key) == b"hash":
        return client.hgetall(key)
    return client.zrange(key, 0, -1, withscores=True)
