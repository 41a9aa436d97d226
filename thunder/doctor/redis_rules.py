"""Rules for Redis servers: compares the state of a server with what a role requires. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from thunder.doctor.finding import Finding, fail, ok, warn
from thunder.doctor.redis_rights import DISPENSABLE

OLDEST_VERSION = (6, 2)
LISTPACK = {"entries": 512, "value": 128}
"""Size up to which the sorted set of an author should be a listpack."""

_FULL = 0.8


class NodeState(NamedTuple):
    """A server as it describes itself. info: its INFO. clock: ours when it answered, in Unix seconds.

    listpack: the settings of LISTPACK; None when the user may not read them.
    """

    name: str
    info: Mapping[str, object]
    clock: float
    listpack: Mapping[str, int] | None


class RedisRequirements(NamedTuple):
    """Requirements of a role. writes: a primary. skew: largest difference of the clocks, in seconds."""

    writes: bool
    skew: int


def check_node(node: NodeState, required: RedisRequirements) -> list[Finding]:
    """All findings about a server."""
    return [
        _version(node),
        *_replication(node, required),
        _eviction(node),
        *_memory(node),
        *_persistence(node),
        _clock(node, required),
        _listpack(node),
    ]


def check_rights(refused: Sequence[str], user: str) -> Finding:
    """Finding about the rights that the user lacks, as an ACL spells them."""
    if not refused:
        return ok("Redis rights", f"user {user} may do all that the role does")
    missing = " ".join(refused)
    found = warn if DISPENSABLE.issuperset(refused) else fail
    return found("Redis rights", f"user {user} lacks {missing}", f"ACL SETUSER {user} {missing}")


def _version(node: NodeState) -> Finding:
    version = str(node.info.get("redis_version", ""))
    if tuple(int(part) for part in version.split(".")[:2]) >= OLDEST_VERSION:
        return ok(node.name, f"version {version}")
    return fail(node.name, f"version {version}", "upgrade it to 6.2 or later")


def _replication(node: NodeState, required: RedisRequirements) -> Iterator[Finding]:
    if required.writes and node.info.get("role") == "slave":
        yield fail(node.name, "is a replica, which refuses writes", "point redis_url at the primary")


def _eviction(node: NodeState) -> Finding:
    policy = str(node.info.get("maxmemory_policy", "noeviction"))
    if policy == "noeviction":
        return ok(node.name, "evicts nothing")
    return fail(
        node.name, f"may evict keys ({policy})", "CONFIG SET maxmemory-policy noeviction, and set it in redis.conf"
    )


def _memory(node: NodeState) -> Iterator[Finding]:
    used, most = _number(node, "used_memory"), _number(node, "maxmemory")
    if not most:
        yield warn(
            node.name,
            "has no memory limit",
            "set maxmemory: a write that is refused is retried, a Redis that is killed loses its data",
        )
    elif used > most * _FULL:
        yield warn(node.name, f"uses {used / most:.0%} of its memory", "raise maxmemory, or add a shard")
    else:
        yield ok(node.name, f"uses {used / most:.0%} of its memory")


def _persistence(node: NodeState) -> Iterator[Finding]:
    for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"):
        if node.info.get(name, "ok") != "ok":
            yield fail(node.name, f"cannot persist ({name})", "check its log and its disk: it may refuse writes")


def _clock(node: NodeState, required: RedisRequirements) -> Finding:
    if node.info.get("server_time_usec") is None:
        return warn(node.name, "does not report its time", "compare its clock with that of this machine")
    ahead = _number(node, "server_time_usec") / 1_000_000 - node.clock
    fact = f"its clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    if abs(ahead) <= required.skew:
        return ok(node.name, fact)
    return fail(node.name, fact, "correct the clock that is wrong (timedatectl, chronyc tracking)")


def _listpack(node: NodeState) -> Finding:
    if node.listpack is None:
        return warn(
            node.name,
            "does not show this user its zset-max-listpack settings",
            "run CONFIG GET zset-max-listpack-* as another user: 512 entries and 128 bytes are right",
        )
    wrong = [f"zset-max-listpack-{name} {LISTPACK[name]}" for name in LISTPACK if node.listpack[name] != LISTPACK[name]]
    if not wrong:
        return ok(node.name, "stores the sorted sets of authors as listpacks")
    return warn(
        node.name, "needs more memory than necessary for the sorted sets of authors", f"CONFIG SET {', '.join(wrong)}"
    )


def _number(node: NodeState, name: str) -> float:
    return float(str(node.info.get(name, 0)))
