"""The status of everything as data: what was found, what needs attention, and texts about it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from common.process_name import RunningProcess
from common.store.layout import StoreLayout
from thunder.cli.text import aligned, in_words

_MEBIBYTE = 1024 * 1024
_FULL = 0.8


class MemberCount(NamedTuple):
    """Members of a group that run the same. version: None for a client id that does not say it; role is that id."""

    role: str
    version: str | None
    members: int


class GroupStatus(NamedTuple):
    """A group and a topic that it reads. lag: messages behind the ends of all its partitions."""

    group: str
    topic: str
    state: str
    members: int
    hosts: tuple[str, ...]
    partitions: int
    lag: int
    versions: tuple[MemberCount, ...]


class KafkaStatus(NamedTuple):
    """dead_letters: number that the topic holds, None without the topic."""

    brokers: str
    groups: tuple[GroupStatus, ...]
    dead_letters: int | None


class NodeStatus(NamedTuple):
    """A server of the store. maxmemory: bytes, 0 for no limit."""

    node: str
    version: str
    role: str
    used_memory: int
    maxmemory: int


class FillStatus(NamedTuple):
    """Marks of the contents of a kind: partitions that fill the store, and buckets that are whole for all of them."""

    kind: str
    partitions: int
    whole_buckets: int


class WorkerReport(NamedTuple):
    """SystemStatus that a worker published: seconds ago, events applied since its start, lag, posts of the store."""

    age_seconds: float
    applied: int
    lag: int | None
    posts: int | None


class RedisStatus(NamedTuple):
    """layout: None for an empty store. lagging: partitions that have not caught up, by topic.

    processes: None when the user may not list connections.
    """

    nodes: tuple[NodeStatus, ...]
    layout: StoreLayout | None
    fills: tuple[FillStatus, ...]
    lagging: Mapping[str, Sequence[int]]
    workers: tuple[WorkerReport, ...]
    processes: tuple[RunningProcess, ...] | None


class SystemStatus(NamedTuple):
    """Answers of both; an error in place of what could not be asked."""

    kafka: KafkaStatus | str
    redis: RedisStatus | str


def attention(status: SystemStatus) -> list[str]:
    """Faults and risks, each in a line."""
    kafka, redis = status
    of_kafka = [kafka] if isinstance(kafka, str) else [*_attention_to_groups(kafka.groups)]
    of_redis = [redis] if isinstance(redis, str) else [*_attention_to_store(redis)]
    return [*of_kafka, *of_redis]


def _attention_to_groups(groups: Sequence[GroupStatus]) -> Iterator[str]:
    for group in groups:
        if not group.members and group.lag:
            yield f"group {group.group} has no members, and {group.lag:,} messages of {group.topic} wait for it"


def _attention_to_store(redis: RedisStatus) -> Iterator[str]:
    if redis.layout is None:
        yield "the store is empty: the first ingest worker initialises it"
        return
    for fill in redis.fills:
        missing = redis.layout.buckets - fill.whole_buckets
        if missing:
            yield f"{missing:,} of {redis.layout.buckets:,} buckets lack {fill.kind}: servers leave them out"
    for topic, partitions in redis.lagging.items():
        if partitions:
            yield f"{len(partitions)} partitions of {topic} have not caught up"
    for node in redis.nodes:
        if node.maxmemory and node.used_memory > node.maxmemory * _FULL:
            yield f"Redis {node.node} uses {node.used_memory / node.maxmemory:.0%} of its memory"


def status_lines(status: SystemStatus) -> list[str]:
    """The status for people."""
    kafka, redis = status
    lines = [f"Kafka    {kafka}"] if isinstance(kafka, str) else [*_kafka_lines(kafka)]
    lines += ["", f"Redis    {redis}"] if isinstance(redis, str) else ["", *_redis_lines(redis)]
    wrong = attention(status)
    return [*lines, "", *([f"attention: {line}" for line in wrong] or ["nothing needs attention"])]


def _kafka_lines(kafka: KafkaStatus) -> Iterator[str]:
    yield f"Kafka    {kafka.brokers}"
    rows = [
        (each.group, each.topic, each.state, f"{each.members}", f"{each.partitions}", f"{each.lag:,}", _versions(each))
        for each in kafka.groups
    ]
    if rows:
        yield from aligned([("group", "topic", "state", "members", "partitions", "lag", "read by"), *rows])
    else:
        yield "no group has committed an offset of these topics"
    if kafka.dead_letters is not None:
        yield f"{kafka.dead_letters:,} dead letters"


def _versions(group: GroupStatus) -> str:
    """Roles and versions of the members, with the number of each where they differ."""
    texts = [f"{each.role} {each.version or '(unknown version)'}" for each in group.versions]
    if len(texts) > 1:
        texts = [f"{each.members} x {text}" for each, text in zip(group.versions, texts, strict=True)]
    return ", ".join(texts) or "-"


def _redis_lines(redis: RedisStatus) -> Iterator[str]:
    yield "Redis"
    rows = [(node.node, node.version, node.role, _memory(node)) for node in redis.nodes]
    yield from aligned([("node", "version", "role", "memory"), *rows])
    if (layout := redis.layout) is not None:
        yield (
            f"layout {layout.version}: {layout.buckets:,} buckets, {layout.post_hashes:,} post hashes, retention "
            f"{in_words(layout.retention_seconds)}, lineage {layout.lineage}"
        )
        for fill in redis.fills:
            yield f"marks of {fill.kind}: {fill.whole_buckets:,} buckets whole, for {fill.partitions} partitions"
        if not redis.fills:
            yield "no marks: no worker keeps them yet"
    for worker in redis.workers:
        lag = "unknown" if worker.lag is None else f"{worker.lag:,}"
        yield f"a worker, {worker.age_seconds:.0f} s ago: {worker.applied:,} events applied, lag {lag}"
    yield ""
    yield "Roles that are connected to Redis"
    if redis.processes is None:
        yield "not shown: the user of Redis lacks +client|list"
    elif redis.processes:
        yield from aligned([("role", "version", "processes"), *_roles(redis.processes)])
    else:
        yield "none"


def _roles(processes: Sequence[RunningProcess]) -> list[tuple[str, str, str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for process in processes:
        found.setdefault((process.role, process.version), []).append(process.process)
    return [(*key, f"{len(names)}: {', '.join(sorted(names))}") for key, names in sorted(found.items())]


def _memory(node: NodeStatus) -> str:
    used = f"{node.used_memory / _MEBIBYTE:,.0f} MiB"
    if not node.maxmemory:
        return f"{used}, no limit"
    return f"{used} of {node.maxmemory / _MEBIBYTE:,.0f} MiB ({node.used_memory / node.maxmemory:.0%})"


def status_as_json(status: SystemStatus) -> dict[str, object]:
    """The status for programs: an error stands in place of what could not be asked."""
    kafka, redis = status
    return {
        "kafka": {"error": kafka} if isinstance(kafka, str) else _plain(kafka),
        "redis": {"error": redis} if isinstance(redis, str) else _plain(redis),
        "attention": attention(status),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 (of any depth)
    """Named tuples as objects, all the way down."""
    if hasattr(value, "_fields"):
        return {name: _plain(getattr(value, name)) for name in value._fields}
    return [_plain(each) for each in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value
