"""What is to be said of a Redis server, from what it tells of itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from thunder.doctor.finding import Finding, fail, ok, warn

OLDEST_VERSION = (6, 2)
LISTPACK = {"entries": 512, "value": 128}
"""Up to which size authors' sets should stay compact."""

_FULL = 0.8


class NodeFacts(NamedTuple):
    """What a server said. info: its INFO. clock: ours when it answered, in Unix seconds.

    listpack: the settings of LISTPACK; None when the user may not read them.
    """

    name: str
    info: Mapping[str, object]
    clock: float
    listpack: Mapping[str, int] | None


class Expected(NamedTuple):
    """What a role expects. writes: it cannot work with a replica. skew: what clocks may differ by, in seconds."""

    writes: bool
    skew: int


def check_node(node: NodeFacts, expected: Expected) -> list[Finding]:
    """All that is to be said of a server."""
    return [
        _version(node),
        *_place(node, expected),
        _eviction(node),
        *_memory(node),
        *_persistence(node),
        _clock(node, expected),
        _listpack(node),
    ]


def check_rights(refused: Sequence[str], user: str) -> Finding:
    """Which rights the user lacks, spelled as in an ACL."""
    if not refused:
        return ok("Redis rights", f"user {user} may do all that the role does")
    missing = " ".join(refused)
    return fail("Redis rights", f"user {user} lacks {missing}", f"ACL SETUSER {user} {missing}")


def _version(node: NodeFacts) -> Finding:
    told = str(node.info.get("redis_version", ""))
    if tuple(int(part) for part in told.split(".")[:2]) >= OLDEST_VERSION:
        return ok(node.name, f"version {told}")
    return fail(node.name, f"version {told}", "upgrade it to 6.2 or later")


def _place(node: NodeFacts, expected: Expected) -> Iterator[Finding]:
    if expected.writes and node.info.get("role") == "slave":
        yield fail(node.name, "is a replica, which takes no writes", "point redis_url at the primary")


def _eviction(node: NodeFacts) -> Finding:
    policy = str(node.info.get("maxmemory_policy", "noeviction"))
    if policy == "noeviction":
        return ok(node.name, "evicts nothing")
    return fail(node.name, f"may evict keys ({policy})", "CONFIG SET maxmemory-policy noeviction, and in its file")


def _memory(node: NodeFacts) -> Iterator[Finding]:
    used, most = _number(node, "used_memory"), _number(node, "maxmemory")
    if not most:
        yield warn(
            node.name, "has no bound on its memory", "set maxmemory: refused writes wait, a killed Redis is lost"
        )
    elif used > most * _FULL:
        yield warn(node.name, f"uses {used / most:.0%} of its memory", "raise maxmemory, or add a shard")
    else:
        yield ok(node.name, f"uses {used / most:.0%} of its memory")


def _persistence(node: NodeFacts) -> Iterator[Finding]:
    for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"):
        if node.info.get(name, "ok") != "ok":
            yield fail(node.name, f"cannot persist ({name})", "look at its log and its disk: it may refuse writes")


def _clock(node: NodeFacts, expected: Expected) -> Finding:
    told = node.info.get("server_time_usec")
    if told is None:
        return warn(node.name, "does not tell the time", "compare its clock with ours yourself")
    ahead = _number(node, "server_time_usec") / 1_000_000 - node.clock
    fact = f"its clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    if abs(ahead) <= expected.skew:
        return ok(node.name, fact)
    return fail(node.name, fact, "mend the wrong clock (timedatectl, chronyc tracking)")


def _listpack(node: NodeFacts) -> Finding:
    if node.listpack is None:
        return warn(
            node.name,
            "does not tell this user its zset-max-listpack settings",
            "ask as another: CONFIG GET zset-max-listpack-*; 512 entries and 128 bytes are right",
        )
    wrong = [f"zset-max-listpack-{name} {LISTPACK[name]}" for name in LISTPACK if node.listpack[name] != LISTPACK[name]]
    if not wrong:
        return ok(node.name, "keeps authors' sets compact")
    return warn(node.name, "stores authors' sets in more memory than it must", f"CONFIG SET {', '.join(wrong)}")


def _number(node: NodeFacts, name: str) -> float:
    return float(str(node.info.get(name, 0)))
