"""F14, F24: a Redis that is slow, loading, busy, full, demoted, without scripts, resharded, or out of connections.

What Redis itself counts is the proof: the errors that it answered (INFO errorstats).
"""

import threading
from collections.abc import Generator
from contextlib import suppress
from typing import NamedTuple, cast

import redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from common.store.keys import META, KeySpace, bucket_tag
from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.support.redis.moving_slots import begin_move
from tests.support.redis.replicated_cluster import ClusterNode
from tests.support.wait import eventually

_HALF_MOVED = 5
_ENDLESS = "while true do end"


def _some_master(run: Run) -> ClusterNode:
    return run.random.choice(run.stage.cluster.masters)


@fault("F14", "redis-slow", "everything to and from one node of Redis takes up to 0.5 s more", hold=(3, 8))
def redis_slow(run: Run) -> Generator[None, None, str]:
    link = _some_master(run).link
    before = link.delayed
    link.slow(run.random.uniform(0.02, 0.25))
    yield
    link.slow(0)
    return f"{link.delayed - before} packets were late" if link.delayed > before else ""


@fault("F14", "redis-loading", "a master is restarted and answers LOADING for a second or more", limit=60)
def redis_loading(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    node.server.command("CONFIG SET", "appendonly", "yes")
    eventually(lambda: not node.info("persistence")["aof_rewrite_in_progress"], "an append-only file", 60)
    keys = max(1, cast("int", node.server.command("DBSIZE")))
    slowly = {"key-load-delay": str(1_500_000 // keys), "loading-process-events-interval-bytes": "1024"}
    node.server.restart({"appendonly": "yes", **slowly}, wait=False)
    loading = eventually(lambda: _loads(node), f"{node} is loading", 30)
    yield
    node.server.wait_until_started()
    node.write_no_append_only_file()
    run.stage.cluster.wait_until_whole()
    return f"{node} was loading for a while, {node.errors('LOADING')} answers LOADING" if loading else ""


def _loads(node: ClusterNode) -> bool:
    with suppress(RedisError):
        return bool(node.info("persistence")["loading"])
    return False


@fault("F14", "redis-busy", "a script keeps a node busy: it answers BUSY", hold=(1, 3))
def redis_busy(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    before = node.errors("BUSY")
    node.server.command("CONFIG SET", "lua-time-limit", "100")

    def keep_busy() -> None:
        with redis.Redis(port=node.server.port) as client, suppress(RedisError):
            client.eval(_ENDLESS, 0)  # pyright: ignore[reportUnknownMemberType]

    thread = threading.Thread(target=keep_busy, daemon=True)
    thread.start()
    yield
    node.server.command("SCRIPT KILL")
    thread.join(10)
    count = node.errors("BUSY") - before
    return f"{node} answered BUSY {count} times" if count else ""


@fault("F14", "redis-full", "a node has no memory left: OOM, noeviction")
def redis_full(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    before = node.errors("OOM")
    node.server.command("CONFIG SET", "maxmemory", "1")
    eventually(lambda: node.errors("OOM") > before, "an answer OOM", 30)
    yield
    node.server.command("CONFIG SET", "maxmemory", "0")
    return f"{node} answered OOM {node.errors('OOM') - before} times"


@fault("F24", "redis-cannot-save", "a node cannot write its snapshot, as with a full disk: it takes no writes, MISCONF")
def redis_cannot_save(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    before = node.errors("MISCONF")
    in_the_way = node.directory / "dump.rdb"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    node.server.command("CONFIG SET", "save", "3600 1")
    node.server.command("BGSAVE")
    eventually(lambda: node.errors("MISCONF") > before, "an answer MISCONF", 30)
    yield
    in_the_way.rmdir()
    node.server.command("CONFIG SET", "save", "")
    return f"{node} answered MISCONF {node.errors('MISCONF') - before} times"


@fault("F14", "too-few-replicas", "a node takes no writes: NOREPLICAS")
def too_few_replicas(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    before = node.errors("NOREPLICAS")
    node.server.command("CONFIG SET", "min-replicas-to-write", "3")
    eventually(lambda: node.errors("NOREPLICAS") > before, "an answer NOREPLICAS", 30)
    yield
    node.server.command("CONFIG SET", "min-replicas-to-write", "0")
    return f"{node} answered NOREPLICAS {node.errors('NOREPLICAS') - before} times"


@fault("F14", "master-demoted", "a replica takes over in order; the former master, which lives on, is its replica")
def master_demoted(run: Run) -> Generator[None, None, str]:
    master = _some_master(run)
    replica = run.stage.cluster.replica_of(master)
    replica.server.command("CLUSTER FAILOVER")
    eventually(lambda: replica.role == "master" and master.role == "slave", "the roles change", 30)
    yield
    run.stage.cluster.wait_until_whole()
    return f"{master} is a replica now, {replica} its master; {master.errors('MOVED')} answers MOVED"


@fault("F14", "scripts-flushed", "every node forgets its scripts: NOSCRIPT", hold=(1, 3))
def scripts_flushed(run: Run) -> Generator[None, None, str]:
    nodes = run.stage.cluster.masters
    before = sum(node.errors("NOSCRIPT") for node in nodes)
    for node in nodes:
        node.server.command("SCRIPT FLUSH")
    eventually(lambda: sum(node.errors("NOSCRIPT") for node in nodes) > before, "an answer NOSCRIPT", 30)
    yield
    return f"{sum(node.errors('NOSCRIPT') for node in nodes) - before} answers NOSCRIPT"


@fault("F14", "no-connections-left", "a node has no connection left for clients that come back")
def no_connections_left(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    before = node.rejected_connections
    node.server.command("CONFIG SET", "maxclients", "3")
    node.server.command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    node.server.command("CONFIG SET", "maxclients", "10000")
    count = node.rejected_connections - before
    return f"{node} rejected {count} connections" if count else ""


@fault(
    "F14",
    "slots-moved",
    "slots move to another master and back under load: MOVED, ASK, TRYAGAIN",
    hold=(0, 1),
    limit=60,
)
def slots_moved(run: Run) -> Generator[None, None, str]:
    cluster = run.stage.cluster
    kinds = ("MOVED", "ASK", "TRYAGAIN")
    before = {kind: sum(node.errors(kind) for node in cluster.masters) for kind in kinds}
    slots = [key_slot(b"{%d}" % bucket) for bucket in run.random.sample(range(256), 8)]
    for slot in {*slots, key_slot(META)}:
        source = cluster.master_of(slot)
        target = run.random.choice([node for node in cluster.masters if node is not source])
        cluster.move_slot(slot, target, lambda: run.hold(0.1))
    yield
    run.stage.cluster.wait_until_whole()
    after = {kind: sum(node.errors(kind) for node in cluster.masters) for kind in kinds}
    counts = {kind: after[kind] - before[kind] for kind in kinds}
    return f"9 slots moved: {counts}" if sum(counts.values()) else ""


@fault(
    "F14",
    "slots-half-moved",
    "keys of some authors lie on two masters for a while: their scripts are answered TRYAGAIN",
    hold=(1, 3),
    limit=60,
)
def slots_half_moved(run: Run) -> Generator[None, None, str]:
    cluster = run.stage.cluster
    before = sum(node.errors("TRYAGAIN") for node in cluster.masters)
    moves = eventually(lambda: _half_moves(run), "authors with posts and videos", 60, interval=0.2)
    for move in moves:
        begin_move(move.slot, move.source, move.target, keys_at_once=0)
        move.source.server.command("MIGRATE", "127.0.0.1", move.target.server.port, move.posts, 0, 5000)
    eventually(lambda: sum(node.errors("TRYAGAIN") for node in cluster.masters) > before, "an answer TRYAGAIN", 60)
    yield
    count = sum(node.errors("TRYAGAIN") for node in cluster.masters) - before
    for move in moves:
        cluster.move_slot(move.slot, move.target, lambda: None)
    cluster.wait_until_whole()
    return f"{len(moves)} slots half moved: {count} answers TRYAGAIN"


class _HalfMove(NamedTuple):
    slot: int
    source: ClusterNode
    target: ClusterNode
    posts: str


def _half_moves(run: Run) -> list[_HalfMove]:
    """Some authors who write now and have both posts and videos: their scripts have keys on both ends."""
    cluster, moves = run.stage.cluster, dict[int, _HalfMove]()
    for author_id in run.load.world.writing():
        author = KeySpace().author(author_id)
        slot = key_slot(bucket_tag(author.bucket))
        source = cluster.master_of(slot)
        if source.server.command("EXISTS", author.posts.decode(), author.videos.decode()) == 2 and slot not in moves:
            target = run.random.choice([node for node in cluster.masters if node is not source])
            moves[slot] = _HalfMove(slot, source, target, author.posts.decode())
        if len(moves) == _HALF_MOVED:
            return [*moves.values()]
    return []
