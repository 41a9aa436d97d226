"""A fetcher whose nodes are in memory: they run the commands of a core, and reply as Redis does, as far as it asks."""

from collections.abc import Callable, Collection, Sequence
from functools import cache

import hiredis

from common.store.keys import KeySpace
from common.store.member import created_at, encode_member
from common.store.record import encode_record
from serve.deadline import Deadline
from serve.timeline.cores import chosen_core
from serve.timeline.read_core import ReadCore, Replies, StoreMap
from tests.support.conformance.model import Model, newest_first

CORES = list(dict.fromkeys(map(chosen_core, ("python", "auto"))))
"""The core in Python, and the native one where it was compiled."""

KEYS = KeySpace()
ONE_NODE = StoreMap(KEYS, (0,) * KEYS.buckets)


class MemoryNode:
    """Members of an author (newest first; author id, whether the videos), and records of posts by their ids."""

    def __init__(
        self,
        members: Callable[[int, bool], Sequence[bytes]],
        record: Callable[[int], bytes | None] = lambda _: None,
        keys: KeySpace = KEYS,
    ) -> None:
        self._members = members
        self._record = record
        self._keys = keys

    def run(self, packed: bytes) -> list[Replies]:
        """Replies as hiredis parses them."""
        return [self._reply(*command) for command in parsed(packed)]

    def _reply(self, name: bytes, key: bytes, *arguments: bytes) -> Replies:
        _, kind, number = key.rsplit(b":", 2)
        if name == b"HGET":
            post_id = int.from_bytes(arguments[0], "big")
            assert key == self._keys.post(post_id).hash
            return self._record(post_id)
        author = int(number)
        assert key in self._keys.author(author)
        members = list(self._members(author, kind == b"v"))
        if name == b"ZREVRANGE":
            first, last = map(int, arguments)
            return members[first : last + 1]
        assert (name, arguments[0], arguments[2:4]) == (b"ZREVRANGEBYSCORE", b"+inf", (b"LIMIT", b"0"))
        return [member for member in members if created_at(member) >= int(arguments[1])][: int(arguments[4])]


class MemoryFetcher:
    """Reads nodes, each of which has all that is stored; those of `down` do not answer."""

    def __init__(self, node: MemoryNode, store: StoreMap = ONE_NODE, down: Collection[int] = ()) -> None:
        self._node = node
        self._store = store
        self.down = down
        self.parts = 0
        self.widest = 0
        self.packed: list[bytes] = []

    async def read_part(self, core: ReadCore, deadline: Deadline) -> None:
        """As Fetcher."""
        del deadline
        self.parts += 1
        size = core.next_part(self._store)
        self.widest = max(self.widest, size.authors)
        assert set(size.nodes) <= set(self._store.node_of_bucket)
        for node in size.nodes:
            if node not in self.down:
                self._run(core, node)

    def _run(self, core: ReadCore, node: int) -> None:
        commands = core.commands(node, None)
        assert commands
        assert self._store.node_of_bucket[commands.bucket] == node
        self.packed.append(commands.packed)
        replies = self._node.run(commands.packed)
        assert len(replies) == commands.replies
        taken = core.take(node, b"".join(map(as_resp, replies)) if core.takes_bytes else replies, ())
        assert taken == (True, False, [])


def node_of_model(model: Model, now: int) -> MemoryNode:
    """A node that holds what a model, to which nothing is added any more, does at a time."""

    @cache
    def members(author: int, video: bool) -> list[bytes]:
        if video:
            posts = model.videos(author, now)
        else:
            posts = [post for kind in (False, True) for post in model.posts(author, now, secondary=kind)]
        return list(map(encode_member, sorted(posts, key=newest_first)))

    @cache
    def record(post_id: int) -> bytes | None:
        post = model.live(post_id, now)
        return encode_record(post, listed_as_video=False) if post else None

    return MemoryNode(members, record)


def parsed(packed: bytes) -> list[list[bytes]]:
    """Packed commands, taken apart."""
    reader = hiredis.Reader()
    reader.feed(packed)
    commands: list[list[bytes]] = []
    while (command := reader.gets()) is not False:
        commands.append(command)
    return commands


def as_resp(reply: Replies) -> bytes:
    """A reply as Redis sends it."""
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if isinstance(reply, Exception):
        return b"-%b\r\n" % str(reply).encode()
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    return b"*%d\r\n%b" % (len(reply), b"".join(map(as_resp, reply)))
