"""Masters of a Redis Cluster in memory, as far as marks need them: INFO, hashes, the scripts of marks.

They stand behind the real StoreClient; nothing of Redis itself is proven with them.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha1
from typing import cast

import hiredis
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from common.errors import StoreUnavailable
from common.store.address import Node
from common.store.keys import META
from common.store.marks import Mark, encode_mark, parse_mark
from common.store.scripts import RAISE_MARKS, REGISTER_MARKS, STAMP_MARKS
from common.store.topology import Topology

NO_HISTORY = "0" * 40


class MemoryNode:
    """A process. down: it answers no command. errors: what it replies to a command, by its first word."""

    def __init__(self, number: int) -> None:
        self.node = Node("redis", number)
        self.node_id, self.run_id = _name("node", number), _name("run", number)
        self.replid, self.former_replid = _name("history", number), NO_HISTORY
        self.is_master, self.down, self.uptime = True, False, 1000
        self.hashes: dict[bytes, dict[bytes, bytes]] = {}
        self.errors: dict[bytes, ResponseError] = {}
        self.opened = 0
        self.now = 1_790_000_000

    def replica(self, number: int) -> "MemoryNode":
        """A replica that has received everything, already promoted."""
        made = MemoryNode(number)
        made.former_replid = self.replid
        made.hashes = {key: dict(fields) for key, fields in self.hashes.items()}
        return made

    def restart(self, *, empty: bool = False) -> None:
        """Come back as another process, with everything or nothing."""
        self.opened += 1
        self.run_id, self.replid = _name(self.run_id, self.opened), _name(self.replid, self.opened)
        if empty:
            self.hashes.clear()

    def marks(self, bucket: int) -> dict[bytes, Mark]:
        held = self.hashes.get(b"w:{%d}" % bucket, {})
        return {field: mark for field, value in held.items() if (mark := parse_mark(value))}

    def reply(self, words: Sequence[bytes]) -> object:
        command = words[0].upper()
        if error := self.errors.get(command):
            return error
        replies: dict[bytes, Callable[..., object]] = {
            b"INFO": self._info,
            b"CLUSTER": self._cluster,
            b"HGETALL": self._fields,
            b"EVALSHA": self._script,
        }
        return replies[command](*words[1:])

    def _info(self, section: bytes) -> bytes:
        if section == b"server":
            return f"run_id:{self.run_id}\r\nuptime_in_seconds:{self.uptime}\r\n".encode()
        role = "master" if self.is_master else "slave"
        return f"role:{role}\r\nmaster_replid:{self.replid}\r\nmaster_replid2:{self.former_replid}\r\n".encode()

    def _cluster(self, subcommand: bytes) -> bytes:
        if subcommand == b"MYID":
            return self.node_id.encode()
        return f"{self.node_id} {self.node} myself,master - 0 0 1 connected 0-16383".encode()

    def _fields(self, key: bytes) -> list[bytes]:
        return [part for pair in self.hashes.get(key, {}).items() for part in pair]

    def _script(self, sha: bytes, _: bytes, key: bytes, *args: bytes) -> object:
        if sha == RAISE_MARKS.sha.encode():
            return self._raise(key, args[0], args[1:])
        if sha == STAMP_MARKS.sha.encode():
            return self._stamp(key, args)
        assert sha == REGISTER_MARKS.sha.encode()
        return self._register(key, args)

    def _raise(self, key: bytes, stamp: bytes, args: Sequence[bytes]) -> list[bytes]:
        held, refused = self.hashes.get(key, {}), list[bytes]()
        for field, known, offset, settled in _in_groups(args, 4):
            mark = parse_mark(held.get(field, b""))
            if mark is None or mark.stamp != stamp.decode() or mark.offset < int(known):
                refused.append(field)
            else:
                raised = max(mark.offset, int(offset)), max(mark.settled, int(settled))
                held[field] = encode_mark(mark._replace(offset=raised[0], settled=raised[1]))
        return refused

    def _stamp(self, key: bytes, args: Sequence[bytes]) -> list[bytes]:
        held = self.hashes.get(key, {})
        stamps = [*_in_groups(args[2:], 3)]
        if conflicts := [field for field, expected, _ in stamps if held.get(field, b"") != expected]:
            return conflicts
        new_id = {b"id": args[0]} if args[1] == b"1" or not held else {}
        if changes := {field: value for field, _, value in stamps} | new_id:
            self.hashes[key] = held | changes
        return []

    def _register(self, key: bytes, args: Sequence[bytes]) -> int:
        held = self.hashes.get(key, {})
        if held.get(b"lineage") != args[0]:
            return 0
        first = 3 + int(args[2])
        for field in args[3:first]:
            if int(held.get(field, b"0")) < int(args[1]):
                held.pop(field, None)
        held.update({field: value or b"%d" % self.now for field, value in _in_groups(args[first:], 2)})
        return 1


class MemoryCluster:
    """Two masters, each with half of the buckets; the first has the meta hash. Clients made meanwhile lead to it."""

    def __init__(self, patch: pytest.MonkeyPatch, buckets: int, lineage: str) -> None:
        self.nodes = [MemoryNode(1), MemoryNode(2)]
        self.buckets = buckets
        self.lineage = lineage
        self.former: list[MemoryNode] = []
        self.nodes[0].hashes[META] = {b"lineage": lineage.encode()}
        patch.setattr("common.store.client.TopologyReader", self._reader)
        patch.setattr("common.store.client.node_client", self._client)
        patch.setattr("common.store.client.opening_of", _opening_of)

    def node_of(self, bucket: int) -> MemoryNode:
        return self.nodes[bucket % 2]

    def find(self, node: Node) -> MemoryNode | None:
        return next((each for each in (*self.nodes, *self.former) if each.node == node), None)

    def promote(self, number: int, replica: MemoryNode) -> None:
        """The replica has the place of a master, which is still there, as its replica or not."""
        self.former.append(self.nodes[number])
        self.nodes[number] = replica

    def _reader(self, *_: object) -> "MemoryCluster":
        return self

    def _client(self, _: object, node: Node, __: float) -> "_Client":
        return _Client(self, node)

    def read(self) -> Topology:
        """As TopologyReader."""
        if all(node.down for node in self.nodes):
            raise StoreUnavailable("Redis does not answer")
        return Topology(tuple(node.node for node in self.nodes), tuple(b % 2 for b in range(self.buckets)), 0)


class _Client:
    """A client of redis-py, and its pool with one connection."""

    openings = 0

    def __init__(self, cluster: MemoryCluster, node: Node) -> None:
        self.connection_pool = self
        self._cluster = cluster
        self._node = node
        self._replies: Iterator[object] = iter(())
        self._seen: tuple[MemoryNode, int] | None = None
        self.opening = 0

    def close(self) -> None:
        self._seen = None

    disconnect = close

    def get_connection(self) -> "_Client":
        node = self._cluster.find(self._node)
        if node is None or node.down:
            self.close()
            raise RedisConnectionError("Connection refused")
        if self._seen != (node, node.opened):
            _Client.openings += 1
            self.opening = _Client.openings
            self._seen = node, node.opened
        return self

    def release(self, _: "_Client") -> None:
        pass

    def send_packed_command(self, packed: Sequence[bytes], **_: object) -> None:
        parser = hiredis.Reader()
        parser.feed(b"".join(packed))
        node = self._cluster.find(self._node)
        assert node is not None
        commands: list[list[bytes]] = []
        while (command := parser.gets()) is not False:
            commands.append(cast("list[bytes]", command))
        self._replies = iter([node.reply(command) for command in commands])

    def read_response(self) -> object:
        reply = next(self._replies)
        if isinstance(reply, Exception):
            raise reply
        return reply


def _opening_of(client: _Client) -> int:
    return client.opening


def _name(kind: str, number: int) -> str:
    """Forty digits, of which the first eight differ."""
    return sha1(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()


def _in_groups(args: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    return (args[at : at + size] for at in range(0, len(args), size))
