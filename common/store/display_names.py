"""Display names by id, kept in Redis for the live page; optional, written by sources that know names.

Names come from outside: a reader must treat them as text.
"""

from collections.abc import Iterable, Mapping
from typing import cast

import redis

from common.store.client import redis_errors_as_unavailable
from common.store.keys import NAMES

_LONGEST_NAME = 80  # characters
_NAMES_PER_CALL = 5000


def write_names(client: redis.Redis, names: Mapping[int, str], ttl_seconds: int) -> None:
    """Add or replace names; all names expire together, after ttl_seconds. StoreUnavailable. Blocks."""
    items = [(b"%d" % id_, name[:_LONGEST_NAME].encode(errors="replace")) for id_, name in names.items()]
    pipeline = client.pipeline(transaction=False)
    for start in range(0, len(items), _NAMES_PER_CALL):
        pipeline.hset(NAMES.decode(), mapping=dict(items[start : start + _NAMES_PER_CALL]))
    pipeline.expire(NAMES.decode(), ttl_seconds)
    with redis_errors_as_unavailable():
        pipeline.execute()


def read_names(client: redis.Redis, ids: Iterable[int]) -> dict[int, str]:
    """Known names of these ids. StoreUnavailable. Blocks."""
    asked = list(ids)
    if not asked:
        return {}
    with redis_errors_as_unavailable():
        found = cast("list[bytes | None]", client.hmget(NAMES.decode(), [str(id_) for id_ in asked]))
    return {id_: name.decode(errors="replace") for id_, name in zip(asked, found, strict=True) if name}
