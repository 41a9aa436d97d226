"""Redis commands as bytes, for both sides: packed as RESP, each with the bucket whose node must run it. Pure.

Replies are parsed by hiredis. The write scripts are in scripts.py.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from common.store.keys import ViewerKeys

Reply = Any
"""bytes, int, None or a list of these; a StoreUnavailable in place of a missing reply."""


class NodeCommand(NamedTuple):
    """A packed command, and the bucket whose node must run it.

    commands: how many are packed, one behind the other, whose replies come as a list; 0 for one alone.
    """

    bucket: int
    packed: bytes
    commands: int = 0


def words(parts: Iterable[bytes]) -> bytes:
    """Parts of a command as bytes, ready to be joined with others."""
    return b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])


def pack(parts: Sequence[bytes]) -> bytes:
    """One command as bytes, ready to be sent alone or in a pipeline."""
    return pack_words(len(parts), words(parts))


def pack_words(count: int, joined: bytes) -> bytes:
    """The same from words that are joined."""
    return b"*%d\r\n%b" % (count, joined)


def pack_each(name: bytes, count: int, joined: Sequence[bytes]) -> bytes:
    """Commands of one name, if any, one behind the other. joined: the `count` words that follow the name in each."""
    head = b"*%d\r\n%b" % (1 + count, words((name,)))
    return head + head.join(joined) if joined else b""


def read_follows(viewer: ViewerKeys) -> bytes:
    """Reply: target id and time of each follow in turn, newest first."""
    return pack((b"ZREVRANGE", viewer.follows, b"0", b"-1", b"WITHSCORES"))


def read_target_removals(viewer: ViewerKeys, targets: Iterable[int]) -> bytes:
    """Reply: for each target (at least one) the time up to which its own id removed it, None when it did not."""
    return pack((b"ZMSCORE", viewer.removals, *(b"-%d" % target for target in targets)))
