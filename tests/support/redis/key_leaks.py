"""A net for keys that would stay in Redis for ever."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from typing import cast

import redis

from common.store.keys import FOLLOWS_PATTERN, MARKS_PATTERN, META

PERMANENT = (META, MARKS_PATTERN, FOLLOWS_PATTERN, b"fr:{*}:*")
"""Patterns of the keys that stay: the layout of the store, its marks, and the follows, which do not expire."""


def assert_every_key_has_ttl(client: redis.Redis, allowed: Collection[bytes] = ()) -> None:
    """Fail when the server of client (one node of a cluster) holds a key without expiry that no pattern allows."""
    keys = list(cast("Iterator[bytes]", client.scan_iter(count=1000)))  # pyright: ignore[reportUnknownMemberType]
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.pttl(key)
    expiries = cast("list[int]", pipeline.execute())
    leaks = [
        key
        for key, milliseconds in zip(keys, expiries, strict=True)
        if milliseconds == -1 and not any(fnmatchcase(key, pattern) for pattern in allowed)
    ]
    assert not leaks, f"keys without a TTL: {leaks[:20]}"
