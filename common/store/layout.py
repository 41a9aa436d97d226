"""Layout of a store, kept in Redis: a worker or server with other settings is refused before it does harm."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

import redis
from redis.exceptions import NoScriptError

from common.errors import StoreMismatch
from common.store.client import redis_errors_as_unavailable
from common.store.commands import pack
from common.store.keys import META, KeySpace
from common.store.scripts import WRITE_LAYOUT

LAYOUT_VERSION = 1

_NOTHING: Mapping[bytes, bytes] = MappingProxyType({})

READ_LINEAGE = pack((b"HGET", META, b"lineage"))
"""A packed command: the lineage that the store holds now, None when it was emptied."""


class StoreLayout(NamedTuple):
    """The meta hash. lineage is a random id of the data: a new one means that the data was lost."""

    version: int
    buckets: int
    post_hashes: int
    retention_seconds: int
    lineage: str


def read_layout(client: redis.Redis) -> StoreLayout | None:
    """Layout of the store, None when there is none yet. StoreUnavailable, StoreMismatch."""
    return _layout_of(read_meta(client))


def read_meta(client: redis.Redis) -> dict[bytes, bytes]:
    """The layout and what stands beside it: the registry of marks, the ids of topics. StoreUnavailable."""
    with redis_errors_as_unavailable():
        return cast("dict[bytes, bytes]", client.hgetall(META.decode()))


def _layout_of(held: Mapping[bytes, bytes]) -> StoreLayout | None:
    """The layout that the meta hash holds; None for a hash that is empty or was written in part."""
    fields = [name.encode() for name in StoreLayout._fields]
    if not held or (not held.keys() >= set(fields) and not held.keys().isdisjoint(fields)):
        return None
    try:
        numbers = [int(held[name]) for name in fields[:-1]]
        return StoreLayout(*numbers, lineage=held[fields[-1]].decode())
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
    """Create the layout unless there is one; raise its retention to a longer one. StoreMismatch, StoreUnavailable.

    One that was written in part, such as by a worker while Redis was emptied, is completed with a new lineage.
    """
    held = check_layout(client, keys)
    if held and held.retention_seconds >= retention_seconds:
        return held  # without a write: Redis may refuse those for a while, which is no reason not to start
    wanted = StoreLayout(LAYOUT_VERSION, keys.buckets, keys.post_hashes, retention_seconds, _new_lineage())
    return _write_layout(client, wanted, data_is_lost=False)


def restore_layout(
    client: redis.Redis, keys: KeySpace, retention_seconds: int, former: Mapping[bytes, bytes]
) -> StoreLayout:
    """Write a meta hash again that is lost, with its lineage and its registry at once. StoreMismatch, StoreUnavailable.

    A hash that was written meanwhile is left as it is.
    """
    wanted = StoreLayout(LAYOUT_VERSION, keys.buckets, keys.post_hashes, retention_seconds, _new_lineage())
    return _write_layout(client, wanted, data_is_lost=False, former=former)


def new_lineage(client: redis.Redis, layout: StoreLayout) -> StoreLayout:
    """Declare the data of a store lost: a new lineage, for which nothing has caught up. StoreUnavailable."""
    return _write_layout(client, layout._replace(lineage=_new_lineage()), data_is_lost=True)


def _write_layout(
    client: redis.Redis, wanted: StoreLayout, *, data_is_lost: bool, former: Mapping[bytes, bytes] = _NOTHING
) -> StoreLayout:
    """One write: a server that reads meanwhile sees all or nothing, a crash leaves all or nothing."""
    fields = [part for pair in former.items() for part in pair]
    call = (WRITE_LAYOUT.sha, 1, META, *wanted, int(data_is_lost), *fields)
    with redis_errors_as_unavailable():
        try:
            reply = client.evalsha(*call)
        except NoScriptError:
            client.script_load(WRITE_LAYOUT.source)
            reply = client.evalsha(*call)
    flat = cast("list[bytes]", reply)
    layout = _layout_of(dict(zip(flat[::2], flat[1::2], strict=True)))
    reason = "the layout of the store is of another kind" if layout is None else _mismatch(layout, wanted)
    if layout is None or reason:
        raise StoreMismatch(reason)
    return layout


def _mismatch(layout: StoreLayout, wanted: StoreLayout) -> str | None:
    return layout_mismatch(layout, KeySpace(wanted.buckets, wanted.post_hashes))


def _new_lineage() -> str:
    return secrets.token_hex(8)


def check_eviction(client: redis.Redis) -> None:
    """Raise StoreMismatch when Redis may evict keys: a store with missing keys serves wrong answers."""
    with redis_errors_as_unavailable():
        facts = client.info("memory")  # CONFIG GET has it too, but shows passwords as well: few users may call it
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise StoreMismatch(f"Redis has maxmemory-policy {policy}: it may evict keys. Set it to noeviction")
