"""A store with marks, as workers keep them, written without Kafka: one Redis or a Cluster."""

import secrets
import time
from collections.abc import Iterable
from typing import Any, cast

import redis

from common.retention import Retention
from common.store.address import Node, parse_address
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient
from common.store.keys import META, KeySpace, marks_key
from common.store.layout import initialise_layout
from common.store.marks import MARKS_ID, Mark, MarkKind, Tenure, encode_mark, mark_field, registry_field
from common.store.topology import TopologyReader
from ingest.events import Event, Follow
from ingest.write.follow_writer import FollowWriter
from tests.support.redis.event_writer import EventWriter

KEYS = KeySpace()
BUCKETS = range(KEYS.buckets)
RETENTION_SECONDS = 172_800
TOPICS = {MarkKind.POSTS: "innetwork_post", MarkKind.FOLLOWS: "follows"}
POSTS, POSTS_AND_FOLLOWS = (MarkKind.POSTS,), (MarkKind.POSTS, MarkKind.FOLLOWS)


class MarkedStore:
    """Laid out and caught up with when made. It has marks of each partition once they are stamped and registered."""

    def __init__(self, url: str, kinds: Iterable[MarkKind] = POSTS, partitions: int = 2) -> None:
        self._url = url
        self._kinds = tuple(kinds)
        self._partitions = partitions
        self._client = StoreClient(url, KEYS.buckets, timeout_seconds=5)
        self._posts = EventWriter(self._client, KEYS, Retention(RETENTION_SECONDS))
        self._follows = FollowWriter(self._client, KEYS)
        self.lineage = initialise_layout(self._client.meta_client(), KEYS, RETENTION_SECONDS).lineage
        for kind, partition in self._of_each_partition():
            meta = self._client.meta_client()
            report_caught_up(meta, TOPICS[kind], partition, self._partitions, self.lineage, 3600)

    def write(self, *events: Event) -> None:
        self._posts.write(events, int(time.time()))

    def follow(self, viewer: int, *targets: int) -> None:
        now = int(time.time())
        self._follows.write([Follow(viewer, target, 0, now) for target in targets], now)

    def mark(self) -> None:
        """Stamp all and register all."""
        self.stamp()
        self.register()

    def stamp(self, buckets: Iterable[int] = BUCKETS, *, offset: int = 10, whole_at: int = 5) -> None:
        """Write the marks of these buckets as a worker does that has verified them under the tenure of their node."""
        wanted = frozenset(buckets)
        for node, of_node in self.nodes():
            with redis.Redis(host=node.host, port=node.port) as client:
                mark = encode_mark(Mark(offset, _tenure(client).stamp(self.lineage), whole_at))
                fields: dict[Any, Any] = {
                    mark_field(TOPICS[kind], partition): mark for kind, partition in self._of_each_partition()
                }
                pipeline = client.pipeline(transaction=False)
                for bucket in wanted.intersection(of_node):
                    pipeline.hset(marks_key(bucket).decode(), mapping=fields)
                    if offset < whole_at:
                        pipeline.hset(marks_key(bucket).decode(), MARKS_ID.decode(), secrets.token_hex(8))
                    pipeline.hsetnx(marks_key(bucket).decode(), MARKS_ID.decode(), secrets.token_hex(8))
                pipeline.execute()

    def change_ids(self) -> None:
        """Change the ids of all marks, as a worker does before it replays what a node has lost."""
        for node, buckets in self.nodes():
            with redis.Redis(host=node.host, port=node.port) as client:
                for bucket in buckets:
                    client.hset(marks_key(bucket).decode(), MARKS_ID.decode(), secrets.token_hex(8))

    def register(self, *, age_seconds: int = 0) -> None:
        at = int(time.time()) - age_seconds
        fields: dict[Any, Any] = {
            registry_field(kind, TOPICS[kind], partition): str(at) for kind, partition in self._of_each_partition()
        }
        self._client.meta_client().hset(META.decode(), mapping=fields)

    def unregister(self) -> None:
        fields = [
            registry_field(kind, TOPICS[kind], partition).decode() for kind, partition in self._of_each_partition()
        ]
        self._client.meta_client().hdel(META.decode(), *fields)

    def nodes(self) -> list[tuple[Node, tuple[int, ...]]]:
        """The nodes and their buckets now."""
        topology = TopologyReader(parse_address(self._url), KEYS.buckets, 5).read()
        return list(zip(topology.nodes, topology.buckets_of_nodes(), strict=True))

    def close(self) -> None:
        self._client.close()

    def _of_each_partition(self) -> list[tuple[MarkKind, int]]:
        return [(kind, partition) for kind in self._kinds for partition in range(self._partitions)]


def _tenure(client: redis.Redis) -> Tenure:
    server, replication = client.info("server"), client.info("replication")
    node_id = b""
    if client.info("cluster")["cluster_enabled"]:
        node_id = cast("bytes", client.execute_command("CLUSTER MYID"))  # pyright: ignore[reportUnknownMemberType]
    return Tenure(server["run_id"], replication["master_replid"], "", node_id.decode(), replication["role"] == "master")
