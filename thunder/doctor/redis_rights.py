"""Rights that each role needs in Redis, and commands that test them without changing anything. Pure.

Commands that read are called on keys that never exist, as ids are above 0. Commands that write are queued in a
transaction that is never executed: Redis checks rights when it queues.
"""

from collections.abc import Iterable
from typing import NamedTuple

from common.store.keys import CATCH_UP, META, NAMES, WORKERS, KeySpace, marks_key, source_key
from common.store.scripts import CLAIM_POSTS

Words = tuple[str | bytes, ...]

_AUTHOR, _VIEWER, _RECORDS = KeySpace().author(0), KeySpace().viewer(0), KeySpace().post(0).hash
_STATUS = {CATCH_UP: "~s:{meta}", WORKERS: "~s:{meta}:*"}
_MARKS = {marks_key(0): "~w:*"}
_STORE = {_AUTHOR.posts: "~a:*", _RECORDS: "~p:*", _VIEWER.follows: "~f:*", **_MARKS, META: "~m:{meta}", **_STATUS}


class RedisRights(NamedTuple):
    """Commands as an ACL spells them, and a key for each pattern of an ACL."""

    commands: frozenset[str]
    keys: dict[bytes, str]

    @property
    def writes(self) -> bool:
        """Whether the role writes."""
        return "multi" in self.commands


def _named(commands: str) -> frozenset[str]:
    return frozenset(commands.split())


INGEST = RedisRights(
    _named(
        "client|setname cluster|myid cluster|nodes cluster|slots dbsize evalsha exec exists expire hdel hget hgetall "
        "hlen hrandfield hset hsetnx hvals info multi randomkey script|load time zadd zcard zcount zmscore zrange "
        "zrangebyscore zrem zremrangebylex zremrangebyrank zrevrange zscore"
    ),
    {**_STORE, _VIEWER.records: "~fr:*", _VIEWER.removals: "~fu:*"},
)
SERVE = RedisRights(
    _named(
        "client|setname cluster|myid cluster|slots hget hgetall hmget info scan zcard zmscore zrevrange "
        "zrevrangebyscore"
    ),
    {key: f"%R{pattern}" for key, pattern in {**_STORE, NAMES: "~n:{meta}"}.items()},
)
SOURCE = RedisRights(
    _named("client|setname cluster|slots exec expire hgetall hincrby hset info multi"),
    {source_key("doctor"): "~i:{meta}:*"},
)


DISPENSABLE = frozenset({"+client|setname"})
"""Rights without which a role works, but is not seen by `thunder status`."""


class Attempt(NamedTuple):
    """A command to try, and the right that it tests: to the command or to the key."""

    right: str
    words: Words

    @property
    def of_command(self) -> bool:
        """Whether it tests the right to the command."""
        return self.right.startswith("+")


def reading_attempts(rights: RedisRights) -> list[Attempt]:
    """Attempts that are called."""
    key = next(iter(rights.keys))
    calls: dict[str, Words] = {
        "client|setname": ("CLIENT", "SETNAME", "thunder-doctor"),
        "cluster|myid": ("CLUSTER", "MYID"),
        "cluster|nodes": ("CLUSTER", "NODES"),
        "cluster|slots": ("CLUSTER", "SLOTS"),
        "dbsize": ("DBSIZE",),
        "evalsha": ("EVALSHA", "0" * 40, "1", key),
        "exec": ("EXEC",),
        "exists": ("EXISTS", key),
        "hget": ("HGET", key, "x"),
        "hgetall": ("HGETALL", key),
        "hlen": ("HLEN", key),
        "hmget": ("HMGET", key, "x"),
        "hrandfield": ("HRANDFIELD", key),
        "hvals": ("HVALS", key),
        "info": ("INFO", "server"),
        "randomkey": ("RANDOMKEY",),
        "scan": ("SCAN", "0", "COUNT", "1"),
        "time": ("TIME",),
        "script|load": ("SCRIPT", "LOAD", CLAIM_POSTS.source),
        "zcard": ("ZCARD", key),
        "zcount": ("ZCOUNT", key, "0", "0"),
        "zmscore": ("ZMSCORE", key, "x"),
        "zrange": ("ZRANGE", key, "0", "0"),
        "zrangebyscore": ("ZRANGEBYSCORE", key, "0", "0"),
        "zrevrange": ("ZREVRANGE", key, "0", "0"),
        "zrevrangebyscore": ("ZREVRANGEBYSCORE", key, "0", "0"),
        "zscore": ("ZSCORE", key, "x"),
    }
    return [*_of_role(calls, rights), *(Attempt(right, ("HGETALL", key)) for key, right in rights.keys.items())]


def writing_attempts(rights: RedisRights) -> list[Attempt]:
    """Attempts that are queued, the first of which begins the transaction; none for a role that only reads."""
    if not rights.writes:
        return []
    key = next(iter(rights.keys))
    queued: dict[str, Words] = {
        "multi": ("MULTI",),
        "expire": ("EXPIRE", key, "1"),
        "hdel": ("HDEL", key, "x"),
        "hincrby": ("HINCRBY", key, "x", "1"),
        "hset": ("HSET", key, "x", "1"),
        "hsetnx": ("HSETNX", key, "x", "1"),
        "zadd": ("ZADD", key, "1", "x"),
        "zrem": ("ZREM", key, "x"),
        "zremrangebylex": ("ZREMRANGEBYLEX", key, "-", "-"),
        "zremrangebyrank": ("ZREMRANGEBYRANK", key, "0", "0"),
    }
    return [*_of_role(queued, rights), *(Attempt(right, ("EXPIRE", key, "1")) for key, right in rights.keys.items())]


def _of_role(tries: dict[str, Words], rights: RedisRights) -> Iterable[Attempt]:
    return [Attempt(f"+{name}", words) for name, words in tries.items() if name in rights.commands]
