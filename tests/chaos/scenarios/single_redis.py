"""One Redis comes back with less than it had acknowledged."""

import time
from typing import cast

from tests.chaos.losses.rig import Rig
from tests.chaos.losses.scene import Limits, Moments, Plan, Scene, hold
from tests.chaos.losses.stores import SingleRedis, single, single_everysec
from tests.support.wait import eventually


def store_of(rig: Rig) -> SingleRedis:
    assert isinstance(rig.store, SingleRedis)
    return rig.store


def lose_power(rig: Rig) -> Moments:
    """The append-only file as it was a second ago."""
    began, store = time.monotonic(), store_of(rig)
    lost = store.power.cut_power()
    store.server.restart()
    assert lost, "the load writes"
    return Moments(began, time.monotonic(), f"{lost} bytes of the append-only file lost")


def lose_power_in_rewrite(rig: Rig) -> Moments:
    """The older of two append-only files as it was a second before the newer one began."""
    store = store_of(rig)
    store.server.command("CONFIG SET", "rdb-key-save-delay", "2000")  # microseconds a key: the rewrite lasts
    store.server.command("BGREWRITEAOF")
    hold(rig, 1.5)
    began = time.monotonic()
    lost = store.power.cut_power_in_rewrite()
    store.server.restart()
    return Moments(began, time.monotonic(), f"{lost} bytes of the older append-only file lost")


def return_from_snapshot(rig: Rig) -> Moments:
    """The state of some seconds ago."""
    server = store_of(rig).server
    server.command("BGSAVE")
    eventually(lambda: not _info(rig)["rdb_bgsave_in_progress"], "a snapshot")
    hold(rig, 4)
    began = time.monotonic()
    server.restart()
    return Moments(began, time.monotonic(), "a snapshot of four seconds ago loaded")


def return_empty(rig: Rig) -> Moments:
    began = time.monotonic()
    server = store_of(rig).server
    server.restart()
    assert cast("int", _info(rig)["rdb_last_load_keys_loaded"]) == 0
    return Moments(began, time.monotonic(), "the server came back empty")


def flush_all(rig: Rig) -> Moments:
    began = time.monotonic()
    server = store_of(rig).server
    before = cast("int", server.command("DBSIZE"))
    server.flush()
    return Moments(began, time.monotonic(), f"FLUSHALL of {before} keys")


def hold_worker_links(rig: Rig) -> Moments:
    """Nothing passes between the workers and Redis for eight seconds, on connections that stay open."""
    link, began = store_of(rig).worker_link, time.monotonic()
    with link.held_still():
        hold(rig, 8)
    assert link.held, "workers were connected"
    return Moments(began, time.monotonic(), f"{link.held} connections of workers held still for 8 s")


def lose_power_behind_held_links(rig: Rig) -> Moments:
    """As above, and the power is lost meanwhile: what was in flight never arrives, or at the successor."""
    store, began = store_of(rig), time.monotonic()
    with store.worker_link.held_still():
        hold(rig, 0.3)
        lost = store.power.cut_power()
        store.server.restart()
        restored = time.monotonic()
        hold(rig, 2)
    return Moments(began, restored, f"{store.worker_link.held} connections held still, {lost} bytes lost")


def lose_power_without_workers(rig: Rig) -> Moments:
    """The power is lost after the workers have left in order, all committed; others come three seconds later."""
    began = time.monotonic()
    for worker in rig.workers:
        assert worker.terminate() == 0
    rig.workers.clear()
    lost = store_of(rig).power.cut_power(time.monotonic() - began + 1)
    store_of(rig).server.restart()
    hold(rig, 3)
    rig.workers += [rig.start_worker(group) for group in rig.groups for _ in range(rig.plan.workers)]
    for worker in rig.workers:
        eventually(lambda worker=worker: "Starting Kafka background tasks" in worker.output(), "a worker that begins")
    assert lost, "the workers wrote"
    return Moments(began, time.monotonic(), f"{lost} bytes lost while no worker ran")


def kill_connections(rig: Rig) -> Moments:
    began = time.monotonic()
    killed = cast("int", store_of(rig).server.command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes"))
    assert killed
    return Moments(began, time.monotonic(), f"{killed} connections killed")


_REFILLED = Limits(noticed=None)

SCENES = [
    Scene("everysec", "one Redis, AOF everysec, cut to one second ago", single_everysec, lose_power),
    Scene(
        *("everysec-rewrite", "the same, in a rewrite: the older file loses"),
        *(single_everysec, lose_power_in_rewrite),  # the marks are in the newer file: posts that are gone prove it
    ),
    Scene("rdb", "one Redis, back from a snapshot of four seconds ago", single, return_from_snapshot),
    Scene("empty", "one Redis without persistence restarts", single, return_empty, _REFILLED),
    Scene("flushall", "FLUSHALL of one Redis", single, flush_all, _REFILLED),
    Scene("half-open", "nothing passes between workers and Redis", single, hold_worker_links, Limits(False, -1)),
    Scene("half-open-everysec", "the same, and a power loss", single_everysec, lose_power_behind_held_links),
    Scene("connections", "CLIENT KILL of all connections", single, kill_connections, Limits(False, -1)),
    Scene(
        *("everysec-alone", "AOF everysec cut, no worker runs"),
        *(single_everysec, lose_power_without_workers),  # a new worker knows what was committed
    ),
    Scene(
        *("everysec-groups", "AOF everysec cut, two groups fill the store", single_everysec, lose_power),
        plan=Plan(groups=2, workers=1),
    ),
    Scene(
        *("everysec-raw", "AOF everysec cut, workers read the raw topic", single_everysec, lose_power),
        plan=Plan(events="raw", rate=700),
    ),
    Scene(
        *("everysec-follows", "AOF everysec cut, follows come in", single_everysec, lose_power),
        plan=Plan(events="follows", rate=250, preload=4000),
    ),
]


def _info(rig: Rig) -> dict[str, object]:
    return cast("dict[str, object]", store_of(rig).server.command("INFO", "persistence"))
