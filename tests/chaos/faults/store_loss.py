"""F11, F12, F15: nodes of Redis that come back with less than they had, or with nothing, and late replicas."""

import shutil
import time
from collections.abc import Generator, Mapping
from typing import cast

from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.support.redis.replicated_cluster import ClusterNode
from tests.support.wait import eventually

_AOF = "appendonlydir"
_WITHOUT = {"appendonly": "no", "key-load-delay": "0"}


def _some_master(run: Run) -> ClusterNode:
    return run.random.choice(run.stage.cluster.masters)


def _size(node: ClusterNode) -> int:
    return cast("int", node.server.command("DBSIZE"))


def _write_append_only_file(node: ClusterNode, fsync: str) -> Mapping[str, str]:
    """Let the node write one from now on; return its settings once all that it holds is in there."""
    node.server.command("CONFIG SET", "appendfsync", fsync)
    node.server.command("CONFIG SET", "appendonly", "yes")

    def is_written() -> bool:
        facts = node.info("persistence")
        return not (facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"])

    eventually(is_written, "the append-only file is written", 60)
    return {"appendonly": "yes", "appendfsync": fsync, "key-load-delay": "0"}


def _forget_files(node: ClusterNode) -> None:
    """The node keeps nothing on disk from now on."""
    node.write_no_append_only_file()
    shutil.rmtree(node.directory / _AOF, ignore_errors=True)
    (node.directory / "dump.rdb").unlink(missing_ok=True)


@fault("F11", "aof-always", "SIGKILL and restart of a master with an append-only file, fsync always: nothing is lost")
def aof_always(run: Run) -> Generator[None, None, str]:
    return (yield from _restart_with_file(run, "always"))


@fault("F11", "aof-everysec", "SIGKILL and restart of a master with an append-only file, fsync everysec")
def aof_everysec(run: Run) -> Generator[None, None, str]:
    return (yield from _restart_with_file(run, "everysec"))


def _restart_with_file(run: Run, fsync: str) -> Generator[None, None, str]:
    node = _some_master(run)
    settings = _write_append_only_file(node, fsync)
    run.hold(2)
    before = _size(node)
    node.server.restart(settings)
    after = _size(node)
    yield
    run.stage.cluster.wait_until_whole()
    _forget_files(node)
    return f"{node}: {before} keys before, {after} after it was loaded" if after else ""


@fault("F11", "power-loss", "a master loses the last second of its append-only file, as everysec allows", limit=60)
def power_loss(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    settings = _write_append_only_file(node, "everysec")
    run.hold(2)
    newest = max((node.directory / _AOF).glob("*.incr.aof"), key=lambda file: file.stat().st_mtime)
    kept = newest.stat().st_size
    run.hold(1)
    node.server.kill()
    lost = newest.stat().st_size - kept
    with newest.open("r+b") as file:
        file.truncate(kept)
    node.server.restart(settings)
    yield
    run.stage.cluster.wait_until_whole()
    _forget_files(node)
    return f"{node} came back without its last {lost} bytes" if lost else ""


@fault("F11", "snapshot-restart", "a master comes back from a snapshot of some seconds ago", limit=60)
def snapshot_restart(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    node.server.command("SAVE")
    saved = node.replicated
    run.hold(run.random.uniform(2, 6))
    lost = node.replicated - saved
    node.server.restart(_WITHOUT)
    yield
    run.stage.cluster.wait_until_whole()
    _forget_files(node)
    return f"{node} came back without its last {lost} bytes" if lost else ""


@fault(
    "F11",
    "master-empty",
    "a master without persistence is restarted before a replica takes over: it is empty",
    limit=60,
)
def master_empty(run: Run) -> Generator[None, None, str]:
    node = _some_master(run)
    before = _size(node)
    _forget_files(node)
    node.server.restart(_WITHOUT)
    loaded = node.info("persistence").get("rdb_last_load_keys_loaded", 0)
    yield
    run.stage.cluster.wait_until_whole()
    return f"{node} had {before} keys, and {loaded} after its restart" if before and not loaded else ""


@fault("F12", "late-replica", "a replica that was cut off from its master takes over when the master dies", limit=60)
def late_replica(run: Run) -> Generator[None, None, str]:
    master = _some_master(run)
    replica = run.stage.cluster.replica_of(master)
    with master.link.held_still(replicas_alone=True):
        run.hold(run.random.uniform(2, 6))
        late = master.replicated - replica.replicated
        _forget_files(master)
        master.server.kill()
        eventually(lambda: replica.role == "master" and replica.holds_slots, f"{replica} takes over", 30, 0.1)
    yield
    master.server.restart(_WITHOUT)
    run.stage.cluster.wait_until_whole()
    return f"{replica} took over from {master}, {late} bytes behind" if late > 0 else ""


@fault("F12", "failover", "a master dies and its replica, which is in step, takes over", limit=60)
def failover(run: Run) -> Generator[None, None, str]:
    master = _some_master(run)
    replica = run.stage.cluster.replica_of(master)
    _forget_files(master)
    master.server.kill()
    eventually(lambda: replica.role == "master" and replica.holds_slots, f"{replica} takes over", 30, 0.1)
    yield
    master.server.restart(_WITHOUT)
    run.stage.cluster.wait_until_whole()
    return f"{replica} took over from {master}"


@fault("F15", "redis-emptied", "FLUSHALL on every master", limit=60)
def redis_emptied(run: Run) -> Generator[None, None, str]:
    masters = run.stage.cluster.masters
    return (yield from _empty(run, masters))


@fault("F15", "one-master-emptied", "FLUSHALL on one master", limit=60)
def one_master_emptied(run: Run) -> Generator[None, None, str]:
    return (yield from _empty(run, [_some_master(run)]))


def _empty(run: Run, masters: list[ClusterNode]) -> Generator[None, None, str]:
    before = sum(map(_size, masters))
    for node in masters:
        node.server.flush()
    at = time.monotonic()
    yield
    return f"{before} keys of {len(masters)} masters removed at {at:.3f}" if before else ""
