"""Reads rounds from Redis: one pipeline per node and round, packed by hand because packing is most of the work."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache, partial
from itertools import compress
from typing import Any, NamedTuple

import hiredis

from common.errors import StoreUnavailable
from common.store.keys import DEFAULT_POST_HASHES, KeySpace
from common.store.layout import READ_LINEAGE
from common.store.marks import MarkKind
from common.store.member import POST_ID, decode_id
from common.store.record import live_record, record_field
from common.store.topology import Topology
from serve.deadline import Deadline
from serve.overload.slot import current_slot
from serve.readiness.gate import StoreGate
from serve.store.connection import NodeDisconnected, Reply
from serve.store.failure_log import FailureLog
from serve.store.node_fill import NodeFill
from serve.store.nodes import FillPlan, NodeConnections
from serve.store.sessions import NodeChanged, NodeTimeout, PackedCommands
from serve.timeline.read_plan import FetchRequest, FetchResult, wire_bytes

KNOWN_AUTHORS = 500_000
"""Authors whose packed commands are kept: about 250 bytes each."""

KNOWN_HASHES = DEFAULT_POST_HASHES
"""Hashes of post records whose packed commands are kept: about 150 bytes each."""


_ZREVRANGE = b"*4\r\n$9\r\nZREVRANGE\r\n$%d\r\n%b\r\n$1\r\n0\r\n"  # all but the last rank
_KEY = slice(_ZREVRANGE.index(b"$%d"), -len(b"$1\r\n0\r\n"))  # the key in such a command
_ZREVRANGEBYSCORE = b"*7\r\n$16\r\nZREVRANGEBYSCORE\r\n"
_DOWN_TO = b"$4\r\n+inf\r\n%b$5\r\nLIMIT\r\n$1\r\n0\r\n%b"
_HGET = b"*3\r\n$4\r\nHGET\r\n$%d\r\n%b\r\n$8\r\n"  # all but the field


class _AuthorCommand(NamedTuple):
    """ZREVRANGE of an author's list, all but the last argument."""

    bucket: int
    posts: bytes
    videos: bytes


class _HashCommand(NamedTuple):
    """HGET from a hash of post records, all but the last argument."""

    bucket: int
    records: bytes


class _Pipeline:
    """Commands of one round for one node, and the authors and parents of their replies.

    is_cut: some were left out, because the node does not hold all that they ask for.
    """

    def __init__(self) -> None:
        self.packed: list[bytes] = []
        self.authors: list[int] = []
        self.parents: list[bytes] = []
        self.is_cut = False

    def keep(self, authors: Sequence[bool], parents: Sequence[bool]) -> None:
        """Leave out the commands of the authors and parents that are false here."""
        self.packed = [*compress(self.packed, (*authors, *parents))]
        self.authors, self.parents = [*compress(self.authors, authors)], [*compress(self.parents, parents)]
        self.is_cut = not (all(authors) and all(parents))

    def __len__(self) -> int:
        return len(self.packed)


class RedisFetcher:
    """A fetcher over one Redis or a Redis Cluster. gate: None when any lineage may be read."""

    def __init__(self, connections: NodeConnections, keys: KeySpace, gate: StoreGate | None = None) -> None:
        self._connections = connections
        self._keys = keys
        self._gate = gate
        self._failures = FailureLog()
        self._author_command_of = lru_cache(maxsize=KNOWN_AUTHORS)(self._pack_author)
        self._hash_command_of = lru_cache(maxsize=KNOWN_HASHES)(self._pack_hash)

    async def fetch(self, request: FetchRequest, deadline: Deadline) -> FetchResult:
        """Fetch one round. StoreFilling when nothing of it may be read: ingest has not caught up, or must fill gaps.

        Rejected when the request reads more than there is room for.
        """
        if self._gate:
            self._gate.check()
        if slot := current_slot.get():
            slot.grow(wire_bytes(sum(request.depths.values())))
        topology = await self._connections.topology(deadline)
        plan = self._connections.plan(MarkKind.POSTS)
        pipelines = self._pipelines(request, topology)
        if plan and self._gate:
            self._gate.confirm(plan.expected.lineage.encode())
        elif self._gate:  # behind the other commands, so that a store that was emptied between them is noticed
            pipelines[topology.node_of_meta].packed.append(READ_LINEAGE)
        unsafe = set(await self._connections.left_out(plan, MarkKind.POSTS, deadline)) if plan else set[int]()
        runs = [self._run(topology, plan, node, pipeline, unsafe, deadline) for node, pipeline in pipelines.items()]
        results = await asyncio.gather(*runs) if len(runs) > 1 else [await runs[0]]
        fetched = FetchResult({}, {}, partial=False)
        failed: list[StoreUnavailable] = []
        for pipeline, replies in zip(pipelines.values(), results, strict=True):
            failed += [replies] if isinstance(replies, StoreUnavailable) else _assign(pipeline, replies, fetched)
        if self._gate and not plan:
            self._confirm_lineage(results[[*pipelines].index(topology.node_of_meta)])
        is_cut = any(pipeline.is_cut for pipeline in pipelines.values())
        if unsafe:
            is_cut |= self._leave_out(fetched, unsafe)
        return self._partial(fetched, failed, is_cut=is_cut) if failed or is_cut else fetched

    def _leave_out(self, fetched: FetchResult, unsafe: Collection[int]) -> bool:
        """Leave out what may have been deleted: these buckets may lack its tombstone. Returns whether there was any.

        That of a post lies with its record, and that of all posts of an author with the lists.
        """
        held = sum(map(len, fetched.members.values())) + len(fetched.records)
        for author, members in fetched.members.items():
            safe = [member for member in members if self._bucket_of_post(member[POST_ID]) not in unsafe]
            fetched.members[author] = safe
        for parent, record in [*fetched.records.items()]:
            live = live_record(record, 0)
            if live and self._bucket_of_author(live.author_id) in unsafe:
                del fetched.records[parent]
        return held > sum(map(len, fetched.members.values())) + len(fetched.records)

    def _confirm_lineage(self, replies: "list[Reply] | StoreUnavailable") -> None:
        """Check the reply to READ_LINEAGE, the last of its node's, if there is one. StoreFilling."""
        if self._gate and not isinstance(replies, StoreUnavailable) and not isinstance(replies[-1], hiredis.ReplyError):
            self._gate.confirm(replies[-1])

    def _partial(self, fetched: FetchResult, failed: Sequence[StoreUnavailable], *, is_cut: bool) -> FetchResult:
        """The result of a round that lacks something. StoreUnavailable when it lacks everything."""
        if not all(isinstance(failure, NodeTimeout) for failure in failed):
            self._connections.forget_topology()
        if not fetched.members and not fetched.records:
            raise self._nothing_read(failed, is_cut=is_cut)
        if failed:
            self._failures.partial(failed[0], time.monotonic())
        return fetched._replace(partial=True)

    def _nothing_read(self, failed: Sequence[StoreUnavailable], *, is_cut: bool) -> StoreUnavailable:
        if is_cut:
            return self._gate.filling() if self._gate else StoreUnavailable("Redis is being filled")
        failure = StoreUnavailable(str(failed[0]))
        failure.__cause__ = failed[0]  # raised itself, it would refer to itself
        return failure

    def _pipelines(self, request: FetchRequest, topology: Topology) -> "defaultdict[int, _Pipeline]":
        pipelines: defaultdict[int, _Pipeline] = defaultdict(_Pipeline)
        last_arguments = {depth: _last_arguments(depth, request.oldest) for depth in set(request.depths.values())}
        node_of, is_video, by_score = topology.node_of_bucket, request.video, request.oldest is not None
        author_command_of, hash_command_of = self._author_command_of, self._hash_command_of
        for author, depth in request.depths.items():
            command = author_command_of(author)
            pipeline = pipelines[node_of[command.bucket]]
            read = command.videos if is_video else command.posts
            pipeline.packed.append((_by_score(read) if by_score else read) + last_arguments[depth])
            pipeline.authors.append(author)
        for parent in request.parents:
            post_id = decode_id(parent)
            command = hash_command_of(self._keys.post_hash_number(post_id))
            pipeline = pipelines[node_of[command.bucket]]
            pipeline.packed.append(command.records + record_field(post_id) + b"\r\n")
            pipeline.parents.append(parent)
        return pipelines

    def _pack_author(self, author: int) -> _AuthorCommand:
        keys = self._keys.author(author)
        return _AuthorCommand(
            keys.bucket, _ZREVRANGE % (len(keys.posts), keys.posts), _ZREVRANGE % (len(keys.videos), keys.videos)
        )

    def _pack_hash(self, number: int) -> _HashCommand:
        key = self._keys.post_hash(number)
        return _HashCommand(key.bucket, _HGET % (len(key.hash), key.hash))

    async def _run(
        self,
        topology: Topology,
        plan: FillPlan | None,
        node: int,
        pipeline: _Pipeline,
        unsafe: set[int],
        deadline: Deadline,
    ) -> "list[Reply] | StoreUnavailable":
        """Replies of a node. Adds to unsafe the buckets that are found not to be filled."""
        try:
            try:
                return await self._run_once(topology, plan, node, pipeline, deadline)
            except (NodeDisconnected, NodeChanged):  # a new connection or new marks may do
                if self._gate:
                    self._gate.doubt()
                if plan:
                    unsafe |= await self._connections.left_out(plan, MarkKind.POSTS, deadline)
                return await self._run_once(topology, plan, node, pipeline, deadline)
        except NodeChanged as changed:
            pipeline.is_cut = True
            return changed
        except StoreUnavailable as failure:
            return failure

    async def _run_once(
        self, topology: Topology, plan: FillPlan | None, node: int, pipeline: _Pipeline, deadline: Deadline
    ) -> list[Reply]:
        if plan:
            return await self._connections.run_filled(plan, node, partial(self._compose, pipeline), deadline)
        packed = b"".join(pipeline.packed)
        return await self._connections.run(topology.nodes[node], packed, len(pipeline), deadline)

    def _compose(self, pipeline: _Pipeline, fill: NodeFill) -> PackedCommands | None:
        """Pack what may be read of a node, and leave out the rest."""
        whole = fill.whole[MarkKind.POSTS]
        if len(whole) < len(fill.wanted.buckets):
            pipeline.keep(
                [self._bucket_of_author(author) in whole for author in pipeline.authors],
                [self._bucket_of_post(parent) in whole for parent in pipeline.parents],
            )
        if not pipeline.packed:
            return None
        authors, parents = pipeline.authors, pipeline.parents
        bucket = self._bucket_of_author(authors[0]) if authors else self._bucket_of_post(parents[0])
        return PackedCommands(b"".join(pipeline.packed), len(pipeline), bucket)

    def _bucket_of_author(self, author: int) -> int:
        return self._author_command_of(author).bucket

    def _bucket_of_post(self, encoded_id: bytes) -> int:
        return self._hash_command_of(self._keys.post_hash_number(decode_id(encoded_id))).bucket


def _by_score(by_rank: bytes) -> bytes:
    """ZREVRANGEBYSCORE of the list that a packed ZREVRANGE reads, all but the last arguments."""
    return _ZREVRANGEBYSCORE + by_rank[_KEY]


def _last_arguments(depth: int, oldest: int | None) -> bytes:
    """Packed arguments that limit a read to its newest entries, and to times that are not before the oldest."""
    if oldest is None:
        return _bulk(b"%d" % (depth - 1))
    return _DOWN_TO % (_bulk(b"%d" % oldest), _bulk(b"%d" % depth))


def _bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


def _assign(pipeline: _Pipeline, replies: Sequence[Reply], fetched: FetchResult) -> list[StoreUnavailable]:
    """Assign the replies of a node to their authors and parents; return the failures among them."""
    authors, parents = len(pipeline.authors), len(pipeline.parents)
    fetched.members.update(zip(pipeline.authors, replies[:authors], strict=True))
    fetched.records.update(zip(pipeline.parents, replies[authors : authors + parents], strict=True))
    errors = [reply for reply in replies if isinstance(reply, hiredis.ReplyError)]
    if errors:
        _drop_errors(fetched.members)
        _drop_errors(fetched.records)
    return [StoreUnavailable(f"Redis: {error}") for error in errors]


def _drop_errors(replies: dict[Any, Any]) -> None:
    for key in [key for key, reply in replies.items() if isinstance(reply, hiredis.ReplyError)]:
        del replies[key]
