"""Looks at the nodes of the store: their tenures, the buckets that are on the way, the registry of marks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from typing import NamedTuple, cast

from redis.crc import key_slot

from common.errors import StoreUnavailable
from common.store.address import Node
from common.store.client import UNKNOWN_TENURE, StoreClient, StoreSession
from common.store.commands import Reply, pack
from common.store.keys import META, bucket_tag
from common.store.marks import (
    LEFT_OVER_SECONDS,
    READ_REPLICATION_INFO,
    MarkKind,
    Registry,
    Tenure,
    mark_field,
    parse_info,
    parse_registry,
    registry_field,
    topic_id_field,
)
from common.store.scripts import register_marks
from common.store.topology import READ_CLUSTER_NODES, open_slots


class MarkedTopic(NamedTuple):
    """Contents of a topic, its name, and for how many seconds the store needs its messages."""

    kind: MarkKind
    name: str
    retention_seconds: int

    def field(self, partition: int) -> bytes:
        """Field of the partition's marks."""
        return mark_field(self.name, partition)


class NodeView(NamedTuple):
    """A master that answered. buckets: those that it holds. open_slots: each with the id of the other end."""

    node: Node
    session: StoreSession
    buckets: list[int]
    open_slots: Mapping[int, str]

    @property
    def tenure(self) -> Tenure:
        """Tenure of the node, which was the same when the session began."""
        return self.session.tenure


class Look(NamedTuple):
    """The masters that answered, and those that did not, by the ids that they had when they last did.

    failure: why a node did not. ends: ids of the nodes that a bucket is on the way between. is_outdated: a node has
    ceased to be a master.
    """

    views: list[NodeView]
    unanswered: Set[str]
    ends: Mapping[int, Set[str]]
    failure: StoreUnavailable | None
    is_outdated: bool = False

    @property
    def uptimes(self) -> dict[Tenure, int]:
        """Seconds since the process of each node began, or less."""
        return {view.tenure: view.session.uptime for view in self.views}


class _NoMaster(StoreUnavailable):
    """The node has handed over."""


class MarkNodes:
    """Asks the nodes over the sessions of one thread's client. Every call blocks and may raise StoreUnavailable."""

    def __init__(self, store_client: StoreClient, buckets: int) -> None:
        self._store_client = store_client
        self._buckets_of_slot: defaultdict[int, list[int]] = defaultdict(list)
        for bucket in range(buckets):
            self._buckets_of_slot[key_slot(bucket_tag(bucket))].append(bucket)
        self._ids: dict[Node, str] = {}

    def look(self) -> Look:
        """Ask every master, those of a new topology if one has handed over; StoreUnavailable when none can be found."""
        look = self._look()
        return self._look() if look.is_outdated else look

    def _look(self) -> Look:
        topology = self._store_client.topology()
        views: list[NodeView] = []
        unanswered: set[str] = set()
        failure: StoreUnavailable | None = None
        is_outdated = False
        for number, node in enumerate(topology.nodes):
            buckets = [bucket for bucket, at in enumerate(topology.node_of_bucket) if at == number]
            try:
                view = self._view(node, buckets, in_cluster=not topology.run_id)
            except StoreUnavailable as error:
                failure = error
                is_outdated |= isinstance(error, _NoMaster)
                unanswered.add(self._ids.get(node, ""))
            else:
                self._ids[node] = view.tenure.node_id
                views.append(view)
        return Look(views, unanswered, self._ends(views), failure, is_outdated)

    def ask(self, view: NodeView, commands: list[bytes]) -> list[Reply]:
        """Replies over the same connection as the look, or none at all."""
        return self._store_client.ask(view.node, commands, view.session)[1] if commands else []

    def read_registry(self, topic: MarkedTopic, lineage: str, now: int) -> Registry:
        """Partitions that have marks. now in Unix seconds.

        StoreUnavailable also while there is none of this lineage: a registry that was lost is not an empty one.
        """
        flat = cast("list[bytes]", self._ask_meta(pack((b"HGETALL", META))))
        meta = dict(zip(flat[::2], flat[1::2], strict=True))
        if meta.get(b"lineage") != lineage.encode():
            raise StoreUnavailable("Redis has another layout, or none")
        return parse_registry(meta, now, topic.retention_seconds)

    def register(
        self, topic: MarkedTopic, partitions: Mapping[int, str], lineage: str, left_over: Collection[bytes], now: int
    ) -> None:
        """Register partitions, unless the store has another lineage by now; forget what no worker has had for long.

        partitions: each with the id of its topic, empty where it is not known.
        """
        oldest = now - topic.retention_seconds - LEFT_OVER_SECONDS
        fields = [registry_field(topic.kind, topic.name, partition) for partition in partitions]
        ids = {topic_id_field(topic.field(number)): name.encode() for number, name in partitions.items() if name}
        self._ask_meta(register_marks(lineage, oldest, left_over, fields, ids))

    def _ask_meta(self, command: bytes) -> Reply:
        topology = self._store_client.topology()
        return self._store_client.ask(topology.nodes[topology.node_of_meta], [command])[1][0]

    def _view(self, node: Node, buckets: list[int], *, in_cluster: bool) -> NodeView:
        """Opens another session when the tenure is no longer that of the session's beginning."""
        asked = [READ_REPLICATION_INFO, *([READ_CLUSTER_NODES] if in_cluster else [])]
        for _ in range(2):
            session, replies = self._store_client.ask(node, asked)
            if session.tenure == UNKNOWN_TENURE:
                raise StoreUnavailable(f"Redis {node}: NOPERM to call INFO or CLUSTER MYID")
            info = parse_info(replies[0])
            if (info.get("master_replid"), info.get("role")) == (session.tenure.replid, "master"):
                return NodeView(node, session, buckets, open_slots(replies[1]) if in_cluster else {})
            self._store_client.disconnect(node)
        raise _NoMaster(f"Redis {node} is not a master")

    def _ends(self, views: Iterable[NodeView]) -> dict[int, set[str]]:
        ends: defaultdict[int, set[str]] = defaultdict(set)
        for view in views:
            for slot, other in view.open_slots.items():
                for bucket in self._buckets_of_slot.get(slot, ()):
                    ends[bucket] |= {view.tenure.node_id, other}
        return ends
