"""Layout of a store, kept in Redis: a worker or server with other settings is refused before it does harm."""

import secrets
from typing import NamedTuple, cast

import redis

from common.errors import StoreMismatch, StoreUnavailable
from common.store.client import redis_errors_as_unavailable
from common.store.keys import META, KeySpace

LAYOUT_VERSION = 1


class StoreLayout(NamedTuple):
    """The meta hash. lineage is a random id of the data: a new one means that the data was lost."""

    version: int
    buckets: int
    post_hashes: int
    retention_seconds: int
    lineage: str


def read_layout(client: redis.Redis) -> StoreLayout | None:
    """Layout of the store, None when there is none yet. StoreUnavailable, StoreMismatch."""
    with redis_errors_as_unavailable():
        held = cast("dict[bytes, bytes]", client.hgetall(META.decode()))
    if not held:
        return None
    try:
        numbers = [int(held[name]) for name in (b"version", b"buckets", b"post_hashes", b"retention_seconds")]
        return StoreLayout(*numbers, lineage=held[b"lineage"].decode())
    except (KeyError, ValueError) as error:
        raise StoreMismatch(f"the hash {META.decode()} in Redis is not a layout of Thunder: {error}") from error


def layout_mismatch(layout: StoreLayout, keys: KeySpace) -> str | None:
    """Reason why a role with these counts must not use the store; None when it may."""
    if layout.version != LAYOUT_VERSION:
        return f"the store has layout version {layout.version}, this build reads version {LAYOUT_VERSION}"
    if layout.buckets != keys.buckets:
        return f"the store was created with {layout.buckets} buckets, author_buckets is {keys.buckets}"
    if layout.post_hashes != keys.post_hashes:
        return f"the store was created with {layout.post_hashes} post hashes, post_hashes is {keys.post_hashes}"
    return None


def check_layout(client: redis.Redis, keys: KeySpace) -> StoreLayout | None:
    """Layout of the store, None when there is none yet. StoreMismatch when this role must not use it."""
    layout = read_layout(client)
    reason = layout and layout_mismatch(layout, keys)
    if reason:
        raise StoreMismatch(reason)
    return layout


def initialise_layout(client: redis.Redis, keys: KeySpace, retention_seconds: int) -> StoreLayout:
    """Create the layout unless there is one; raise its retention to a longer one. StoreMismatch, StoreUnavailable."""
    fields = {
        "version": LAYOUT_VERSION,
        "buckets": keys.buckets,
        "post_hashes": keys.post_hashes,
        "retention_seconds": retention_seconds,
        "lineage": _new_lineage(),
    }
    with redis_errors_as_unavailable():
        if check_layout(client, keys) is None:
            whole = client.pipeline(transaction=True)  # a server that reads meanwhile must see all or nothing
            for name, value in fields.items():
                whole.hsetnx(META.decode(), name, value)
            whole.execute()
        layout = check_layout(client, keys)
        if layout is not None and layout.retention_seconds < retention_seconds:
            client.hset(META.decode(), "retention_seconds", retention_seconds)
    if layout is None:
        raise StoreUnavailable("the layout of the store disappeared while it was written")
    return layout


def new_lineage(client: redis.Redis, layout: StoreLayout) -> StoreLayout:
    """Declare the data of a store lost: a new lineage, for which nothing has caught up. StoreUnavailable."""
    lineage = _new_lineage()
    with redis_errors_as_unavailable():
        client.hset(META.decode(), "lineage", lineage)
    return layout._replace(lineage=lineage)


def _new_lineage() -> str:
    return secrets.token_hex(8)


def check_eviction(client: redis.Redis) -> None:
    """Raise StoreMismatch when Redis may evict keys: a store with missing keys serves wrong answers."""
    with redis_errors_as_unavailable():
        facts = client.info("memory")  # CONFIG GET has it too, but shows passwords as well: few users may call it
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise StoreMismatch(f"Redis has maxmemory-policy {policy}: it may evict keys. Set it to noeviction")
