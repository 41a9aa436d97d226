"""Asks Kafka and Redis what the status shows. Blocks, within time limits; an error is text in place of an answer."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import redis
from redis.exceptions import NoPermissionError

from common.errors import StoreUnavailable, ThunderError
from common.kafka.groups import ConsumerGroup, GroupCommit, KafkaGroups
from common.kafka.topics import Edge, PartitionAddress
from common.process_name import RunningProcess, parse_client_id, parse_client_name
from common.settings.operations import StatusSettings
from common.store.address import Node
from common.store.catch_up import lagging_partitions, read_status
from common.store.client import StoreClient, redis_errors_as_unavailable
from common.store.commands import NodeCommand, Reply
from common.store.keys import META
from common.store.layout import StoreLayout, read_layout
from common.store.marks import READ_REPLICATION_INFO, Registry, parse_marks, parse_registry, read_marks
from common.store.worker_status import fresh, read_worker_statuses
from thunder.operations.status_report import (
    FillStatus,
    GroupStatus,
    KafkaStatus,
    MemberCount,
    NodeStatus,
    RedisStatus,
    SystemStatus,
    WorkerReport,
)


def probe_status(settings: StatusSettings) -> SystemStatus:
    """Ask both."""
    return SystemStatus(_kafka(settings), _redis(settings))


def _kafka(settings: StatusSettings) -> KafkaStatus | str:
    topics = {settings.innetwork_post_topic, settings.tweet_events_topic, settings.follows_topic}
    try:
        groups = KafkaGroups(settings.consumer_connection)
        commits = {name: _of_topics(held, topics) for name, held in groups.commits_of(groups.names()).items()}
        commits = {name: held for name, held in commits.items() if held}
        places = {place for held in commits.values() for place in held}
        ends = groups.offsets(places, Edge.END)
        described = groups.describe(commits)
        found = [status for name, held in commits.items() for status in group_statuses(described[name], held, ends)]
        return KafkaStatus(settings.consumer_connection.brokers, tuple(found), _dead_letters(settings))
    except ThunderError as error:
        return str(error)


def _of_topics(
    commits: Mapping[PartitionAddress, GroupCommit], topics: Iterable[str]
) -> dict[PartitionAddress, GroupCommit]:
    return {place: commit for place, commit in commits.items() if place.topic in topics}


def group_statuses(
    group: ConsumerGroup, commits: Mapping[PartitionAddress, GroupCommit], ends: Mapping[PartitionAddress, int]
) -> list[GroupStatus]:
    """One for each topic that the group has read."""
    hosts = tuple(sorted({member.host for member in group.members}))
    statuses: list[GroupStatus] = []
    for topic in sorted({place.topic for place in commits}):
        lags = [max(0, ends[place] - commit.offset) for place, commit in commits.items() if place.topic == topic]
        members, versions = len(group.members), _versions(group)
        statuses.append(GroupStatus(group.name, topic, group.state, members, hosts, len(lags), sum(lags), versions))
    return statuses


def _versions(group: ConsumerGroup) -> tuple[MemberCount, ...]:
    """Roles and versions that the client ids of the members say."""
    counts = Counter(member.client_id for member in group.members)
    return tuple(_member_count(text, members) for text, members in sorted(counts.items()))


def _member_count(client_id: str, members: int) -> MemberCount:
    running = parse_client_id(client_id)
    return MemberCount(running.role, running.version, members) if running else MemberCount(client_id, None, members)


def _dead_letters(settings: StatusSettings) -> int | None:
    """Number that the topic holds; None where there is no topic, or it may not be read."""
    place = PartitionAddress(settings.dead_letter_topic, 0)
    try:
        groups = KafkaGroups(settings.producer_connection)
        low, high = (groups.offsets([place], edge)[place] for edge in (Edge.BEGINNING, Edge.END))
    except ThunderError:
        return None
    return high - low


def _redis(settings: StatusSettings) -> RedisStatus | str:
    client = StoreClient(
        settings.redis_address, settings.author_buckets, settings.redis_timeout_ms / 1000, reads_tenures=True
    )
    try:
        with redis_errors_as_unavailable():
            layout = read_layout(client.meta_client())
            nodes = client.node_clients()
            return RedisStatus(
                tuple(_node(node) for node in nodes),
                layout,
                _fills(client, layout) if layout else (),
                lagging_partitions(read_status(client.meta_client()), layout.lineage) if layout else {},
                _workers(client.meta_client()),
                _processes(nodes),
            )
    except ThunderError as error:
        return str(error)
    finally:
        client.close()


def _node(node: redis.Redis) -> NodeStatus:
    info = cast("dict[str, object]", node.info())
    address = node.connection_pool.connection_kwargs
    return NodeStatus(
        str(Node(address.get("host") or address.get("path", ""), address.get("port") or 0)),
        str(info.get("redis_version", "unknown")),
        str(info.get("role", "unknown")),
        int(str(info.get("used_memory", 0))),
        int(str(info.get("maxmemory", 0))),
    )


def _fills(client: StoreClient, layout: StoreLayout) -> tuple[FillStatus, ...]:
    """Marks of each kind, judged by the tenure of each bucket's node as servers judge them."""
    meta = cast("dict[bytes, bytes]", client.meta_client().hgetall(META.decode()))
    registry = parse_registry(meta, int(time.time()), layout.retention_seconds)
    topology = client.topology()
    tenures = [client.ask(node, [READ_REPLICATION_INFO])[0].tenure for node in topology.nodes]
    stamps = [tenures[node].stamp(layout.lineage) for node in topology.node_of_bucket]
    replies = client.run([NodeCommand(bucket, read_marks(bucket)) for bucket in range(len(stamps))])
    return fill_statuses(registry, replies, stamps)


def fill_statuses(registry: Registry, replies: Sequence[Reply], stamps: Sequence[str]) -> tuple[FillStatus, ...]:
    """One for each kind that fills the store. replies: to read_marks of each bucket; stamps: of each bucket's node."""
    marks = [None if isinstance(reply, StoreUnavailable) else parse_marks(reply) for reply in replies]
    return tuple(
        FillStatus(
            kind.value,
            len(fields),
            sum(held is not None and held.are_whole(fields, stamp) for held, stamp in zip(marks, stamps, strict=True)),
        )
        for kind, fields in registry.fields.items()
        if fields
    )


def _workers(meta: redis.Redis) -> tuple[WorkerReport, ...]:
    now = time.time()
    statuses = fresh(read_worker_statuses(meta), now)
    return tuple(
        WorkerReport(now - status.at, status.applied, status.lag, status.posts)
        for _, status in sorted(statuses.items())
    )


def _processes(nodes: Iterable[redis.Redis]) -> tuple[RunningProcess, ...] | None:
    """Processes whose connections have a name, the one that asks left out; None when the user may not list them."""
    try:
        listed = [node.client_list() for node in nodes]
    except NoPermissionError:
        return None
    named = {parse_client_name(client.get("name", "")) for clients in listed for client in clients}
    return tuple(sorted(process for process in named if process is not None and process.role != "thunder-status"))
