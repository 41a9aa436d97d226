"""Asks Redis for what the doctor judges. Blocks, bounded by the timeout."""

import time
from collections.abc import Iterator, Sequence
from typing import cast

import redis
from redis.exceptions import NoPermissionError, ResponseError

from common.errors import ThunderError
from common.settings.redis import RedisSettings, StoreSettings
from common.store.client import StoreClient, load_scripts, redis_errors_as_unavailable
from common.store.keys import KeySpace
from common.store.layout import layout_mismatch, read_layout
from thunder.doctor.finding import Finding, fail, ok, warn
from thunder.doctor.redis_rights import Attempt, RedisRights, reading_attempts, writing_attempts
from thunder.doctor.redis_rules import LISTPACK, Expected, NodeFacts, check_node, check_rights


def probe_redis(settings: RedisSettings, rights: RedisRights, expected: Expected) -> Iterator[Finding]:
    """Every server of the store, the rights of our user, and the layout of the store."""
    store_client = StoreClient(settings.redis_address, KeySpace().buckets, settings.redis_timeout_ms / 1000)
    try:
        with redis_errors_as_unavailable():
            nodes = store_client.node_clients()
            for node in nodes:
                yield from check_node(_facts(node), expected)
            refused = _refused(nodes, rights)
            yield check_rights(refused, _user(nodes[0]))
            if refused:
                return
            if "script|load" in rights.commands:
                yield _scripts(nodes)
            if isinstance(settings, StoreSettings):
                yield _layout(store_client.meta_client(), settings)
    except ThunderError as error:
        yield fail("Redis", str(error), "see redis_url, the password, redis_tls_..., and the network between")
    finally:
        store_client.close()


def _facts(node: redis.Redis) -> NodeFacts:
    where = node.connection_pool.connection_kwargs
    info = cast("dict[str, object]", node.info())
    return NodeFacts(f"Redis {where.get('host')}:{where.get('port')}", info, time.time(), _listpack(node))


def _listpack(node: redis.Redis) -> dict[str, int] | None:
    """Redis 6.2 has another word for it. Managed services have no CONFIG, or show little of it."""
    try:
        held = cast("dict[str, str]", node.config_get("zset-max-*"))
    except ResponseError:
        return None
    kind = "listpack" if "zset-max-listpack-entries" in held else "ziplist"
    names = {name: f"zset-max-{kind}-{name}" for name in LISTPACK}
    return {name: int(held[told]) for name, told in names.items()} if held.keys() >= set(names.values()) else None


def _refused(nodes: Sequence[redis.Redis], rights: RedisRights) -> list[str]:
    """Rights that are missing on any server, each once."""
    attempts = (*reading_attempts(rights), *writing_attempts(rights))
    missing = (right for node in nodes for right in _missing(node, attempts))
    return list(dict.fromkeys(missing))


def _missing(node: redis.Redis, attempts: Sequence[Attempt]) -> Iterator[str]:
    """On a connection of its own, closed at the end: with it goes what is queued."""
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
                pass  # it may: that is all that was asked
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
        return fail("Redis scripts", f"cannot be loaded: {error}", "use a Redis that runs Lua scripts")
    return ok("Redis scripts", "can be loaded")


def _layout(client: redis.Redis, settings: StoreSettings) -> Finding:
    layout = read_layout(client)
    if layout is None:
        return warn("Store", "is empty", "nothing: the first worker lays it out")
    reason = layout_mismatch(layout, settings.key_space)
    if reason is not None:
        return fail("Store", reason, "give this role the same author_buckets and post_hashes, or another Redis")
    wanted = settings.post_retention_seconds
    if layout.retention_seconds < wanted:
        return warn(
            "Store",
            f"keeps posts for {layout.retention_seconds} s, post_retention_seconds is {wanted}",
            "nothing on a worker, which raises it; on a server give workers the same post_retention_seconds",
        )
    return ok("Store", "is laid out as the settings say")
