"""Workers of the release before marks give way to those of today, return, and give way again."""

import subprocess
import sys
import time
from pathlib import Path

from tests.chaos.losses.rig import Release, Rig
from tests.chaos.losses.scene import Limits, Moments, Plan, Scene, hold
from tests.chaos.losses.stores import cluster_for_older_workers, single

_COMMIT = "1c8eafd"
_FOLDERS = ("common", "ingest", "serve", "thunder", "lua", "proto")
_RUN = "from thunder.cli import main; raise SystemExit(main())"


def release_without_marks(directory: Path) -> Release:
    """The product as it was before its stores had marks, out of the history of this repository."""
    folder = directory / "release"
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", _COMMIT, *_FOLDERS], cwd=Path(__file__).parents[3], capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return Release([sys.executable, "-P", "-c", _RUN], {"PYTHONPATH": str(folder)})


def change_release(rig: Rig) -> Moments:
    """Side by side, the new one alone, back, and the new one again."""
    began, before = time.monotonic(), rig.load.sent
    applied = 0.0
    for new in (True, False, True):
        others = [rig.start_worker(rig.groups[0], None if new else rig.first_release) for _ in rig.workers]
        for worker in others:
            worker.wait_until_ready()
        hold(rig, 4)
        for worker in rig.workers:
            applied += 0 if new else worker.metrics().value("ingest_events_total")
            assert worker.terminate() == 0
        rig.workers[:] = others
        hold(rig, 3)
    applied += sum(worker.metrics().value("ingest_events_total") for worker in rig.workers)
    arrived = rig.load.sent - before
    assert applied < 1.2 * arrived + 1000, f"{applied:.0f} events were written of {arrived} that arrived: a refill"
    return Moments(
        began, time.monotonic(), f"{applied:.0f} events written by the new release of {arrived} that arrived"
    )


_UNSEEN = Limits(noticed=False, reduced_seconds=-1)
_PLAN = Plan(rate=600, release=release_without_marks)

SCENES = [
    Scene("upgrade", "upgrade, rollback, upgrade, on one Redis", single, change_release, _UNSEEN, _PLAN),
    Scene("upgrade-cluster", "the same on a cluster", cluster_for_older_workers, change_release, _UNSEEN, _PLAN),
]
