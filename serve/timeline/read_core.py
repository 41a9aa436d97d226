"""Declares the port of the read core, which turns replies of Redis into an answer, and the values that pass it. Pure.

A core serves one request and does no I/O: it says which commands to send, and takes the replies. PythonCore is the
specification; another core must give the same bytes. Connections, deadlines, retries and metrics belong to no core.

    while parts := core.next_round():
        for each part: core.next_part(store), then for each of its nodes: core.commands(node), core.take(node, replies)
        core.merge()
    core.answer()
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from common.errors import StoreUnavailable
from common.store.keys import KeySpace
from serve.query import Answer


class DamagedReply(StoreUnavailable):
    """Redis sent replies that do not fit the commands."""


class StoreMap(NamedTuple):
    """Keys of a store, and the node of each bucket. One object per topology, so a core may keep what it derives."""

    keys: KeySpace
    node_of_bucket: Sequence[int]


class PartSize(NamedTuple):
    """Sizes of a part: lists, entries of these at most, and records of parents. nodes: those it has commands for."""

    authors: int
    entries: int
    parents: int
    nodes: Sequence[int]


class Commands(NamedTuple):
    """Packed commands for one node, the number of their replies, and a bucket that one of them reads."""

    packed: bytes
    replies: int
    bucket: int


class Taken(NamedTuple):
    """Outcome of the replies of a node.

    has_answers: some list or record counts as read. is_cut: something of the node was left out, because its bucket is
    not readable or is unsafe. errors: the texts of error replies.
    """

    has_answers: bool
    is_cut: bool
    errors: Sequence[str]


Replies = Any
"""Exactly the replies to one call of commands(): a list as hiredis gives it, or bytes for a core that takes these."""


class ReadCore(Protocol):
    """Reads one timeline, in rounds of parts. Calls come in the order of the module's example."""

    takes_bytes: bool  # whether take() wants the replies as the bytes that Redis sent, rather than parsed
    partial: bool  # whether the answer is known to lack something; the shell may set it

    def next_round(self) -> int:
        """Plan the next round and return the number of its parts; 0 when the answer is exact.

        0, and partial, when no more bytes may be read.
        """
        ...

    def next_part(self, store: StoreMap) -> PartSize:
        """Begin the next part of the round."""
        ...

    def commands(self, node: int, readable: Collection[int] | None) -> Commands | None:
        """Commands of the part for a node of it, except for buckets that are not readable (None: all are).

        None when nothing is left. A later call for the same node replaces this one: its commands are sent once more.
        """
        ...

    def take(self, node: int, replies: Replies, unsafe: Collection[int]) -> Taken:
        """Take the replies to the last commands() for a node. Nodes come in any order. DamagedReply.

        unsafe: buckets that may lack tombstones. A post whose record lies in one, and a parent whose author does, may
        have been deleted: they are left out, and the answer is partial.
        """
        ...

    def merge(self) -> None:
        """End the round.

        What was not taken, of any of its parts, cannot be read: it is not asked for again, and the answer is partial.
        """
        ...

    def answer(self) -> Answer:
        """The answer from all that was taken."""
        ...
