"""Reads from Redis what the rules of servers check. Blocks, within the timeout of the settings."""

import time
from collections.abc import Iterator, Sequence
from typing import cast

import redis
from redis.exceptions import NoPermissionError, ResponseError

from common.errors import ThunderError
from common.settings.redis import RedisSettings, StoreSettings
from common.store.address import Node
from common.store.client import StoreClient, load_scripts, redis_errors_as_unavailable
from common.store.keys import KeySpace
from common.store.layout import layout_mismatch, read_layout
from thunder.doctor.finding import Finding, fail, ok, warn
from thunder.doctor.redis_rights import DISPENSABLE, Attempt, RedisRights, reading_attempts, writing_attempts
from thunder.doctor.redis_rules import LISTPACK, NodeState, RedisRequirements, check_node, check_rights


def probe_redis(settings: RedisSettings, rights: RedisRights, required: RedisRequirements) -> Iterator[Finding]:
    """Findings about every server of the store, the rights of the user, and the layout of the store."""
    store_client = StoreClient(settings.redis_address, KeySpace().buckets, settings.redis_timeout_ms / 1000)
    try:
        with redis_errors_as_unavailable():
            nodes = store_client.node_clients()
            for node in nodes:
                yield from check_node(_state(node), required)
            refused = _refused(nodes, rights)
            yield check_rights(refused, _user(nodes[0]))
            if not DISPENSABLE.issuperset(refused):
                return
            if "script|load" in rights.commands:
                yield _scripts(nodes)
            if isinstance(settings, StoreSettings):
                yield _layout(store_client.meta_client(), settings)
    except ThunderError as error:
        yield fail("Redis", str(error), "check redis_url, the password, redis_tls_..., and the network")
    finally:
        store_client.close()


def _state(node: redis.Redis) -> NodeState:
    address = node.connection_pool.connection_kwargs
    info = cast("dict[str, object]", node.info())
    name = Node(address.get("host") or address.get("path", ""), address.get("port") or 0)
    return NodeState(f"Redis {name}", info, time.time(), _listpack(node))


def _listpack(node: redis.Redis) -> dict[str, int] | None:
    """Redis 6.2 calls it ziplist. Managed services have no CONFIG, or show little of it."""
    try:
        held = cast("dict[str, str]", node.config_get("zset-max-*"))
    except ResponseError:
        return None
    kind = "listpack" if "zset-max-listpack-entries" in held else "ziplist"
    names = {name: f"zset-max-{kind}-{name}" for name in LISTPACK}
    return {name: int(held[setting]) for name, setting in names.items()} if held.keys() >= set(names.values()) else None


def _refused(nodes: Sequence[redis.Redis], rights: RedisRights) -> list[str]:
    """Rights that the user lacks on any server, each once."""
    attempts = (*reading_attempts(rights), *writing_attempts(rights))
    missing = (right for node in nodes for right in _missing(node, attempts))
    return list(dict.fromkeys(missing))


def _missing(node: redis.Redis, attempts: Sequence[Attempt]) -> Iterator[str]:
    """Rights that the user lacks, tried on a connection of its own: closing it discards what is queued."""
    connection = node.connection_pool.get_connection()
    try:
        for attempt in attempts:
            connection.send_command(*attempt.words)
            try:
                connection.read_response()
            except NoPermissionError as error:
                if ("command" in str(error)) == attempt.of_command:
                    yield attempt.right
            except ResponseError:
                pass  # the right is there: nothing else was tested
    finally:
        connection.disconnect()
        node.connection_pool.release(connection)


def _user(node: redis.Redis) -> str:
    return node.connection_pool.connection_kwargs.get("username") or "default"


def _scripts(nodes: Sequence[redis.Redis]) -> Finding:
    try:
        for node in nodes:
            load_scripts(node)
    except ResponseError as error:
        return fail("Redis scripts", f"cannot be loaded: {error}", "use a Redis that supports Lua scripts")
    return ok("Redis scripts", "can be loaded")


def _layout(client: redis.Redis, settings: StoreSettings) -> Finding:
    layout = read_layout(client)
    if layout is None:
        return warn("Store", "is empty", "nothing: the first ingest worker initialises it")
    reason = layout_mismatch(layout, settings.key_space)
    if reason is not None:
        return fail("Store", reason, "give this role the same author_buckets and post_hashes, or another Redis")
    wanted = settings.post_retention_seconds
    if layout.retention_seconds < wanted:
        return warn(
            "Store",
            f"keeps posts for {layout.retention_seconds} s, post_retention_seconds is {wanted}",
            "for ingest: nothing, it raises the retention; for serve: give the workers the same post_retention_seconds",
        )
    return ok("Store", "has the layout of the settings")
