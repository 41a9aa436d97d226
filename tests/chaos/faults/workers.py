"""F1, F2, F6, F7, F19, F20: workers that die, leave, come, freeze, have a wrong clock, or read everything again."""

import json
import os
import signal
import sys
import time
from collections.abc import Generator
from pathlib import Path

from confluent_kafka import Consumer

from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.chaos.stage import DEAD_LETTERS, GROUP, TOPIC
from tests.integration.ingest.crashing_worker import Moment
from tests.support.processes.child import Child
from tests.support.wait import eventually

ROOT = Path(__file__).parents[3]
_CRASHING = ROOT / "tests/integration/ingest/crashing_worker.py"
_AN_HOUR = 3600


@fault("F1", "worker-killed", "SIGKILL of a worker")
def worker_killed(run: Run) -> Generator[None, None, str]:
    worker = run.stage.workers.pop(run.random.randrange(len(run.stage.workers)))
    worker.kill()
    yield
    run.stage.workers.append(run.stage.start_worker())
    return f"exit code {worker.exit_code}"


def _crash(run: Run, moment: Moment) -> Generator[None, None, str]:
    """A fourth worker kills itself at that moment."""
    command = [sys.executable, _CRASHING, moment, str(int(time.time())), _settings(run)]
    worker = Child(command, run.stage.logs / f"crashing-{time.monotonic_ns()}.log", _environment())
    code = worker.wait(60)
    yield
    return f"exit code {code} at {moment}" if code == -signal.SIGKILL else ""


@fault("F1", "worker-killed-after-fetch", "a worker dies of SIGKILL with a batch that it has read", hold=(0, 1))
def killed_after_fetch(run: Run) -> Generator[None, None, str]:
    return (yield from _crash(run, Moment.AFTER_FETCH))


@fault("F1", "worker-killed-mid-batch", "a worker dies of SIGKILL between two scripts of a batch", hold=(0, 1))
def killed_within_a_batch(run: Run) -> Generator[None, None, str]:
    return (yield from _crash(run, Moment.AFTER_FIRST_SCRIPT))


@fault("F1", "worker-killed-before-commit", "a worker dies of SIGKILL after Redis, before its commit", hold=(0, 1))
def killed_before_its_commit(run: Run) -> Generator[None, None, str]:
    return (yield from _crash(run, Moment.AFTER_WRITE))


@fault("F2", "worker-stopped", "SIGTERM of a worker: it commits, leaves the group and ends with exit code 0")
def worker_stopped(run: Run) -> Generator[None, None, str]:
    worker = run.stage.workers.pop(run.random.randrange(len(run.stage.workers)))
    code = worker.terminate()
    assert code == 0, f"{worker}:\n{worker.last_lines()}"
    yield
    run.stage.workers.append(run.stage.start_worker())
    return "exit code 0"


@fault("F6", "rebalances", "a member joins and leaves the group every two seconds", hold=(0, 0))
def rebalances(run: Run) -> Generator[None, None, str]:
    rounds = 0
    for _ in range(run.random.randint(4, 7)):
        rounds += _join_and_leave(run)
    yield
    return f"{rounds} rebalances gave partitions to a member that then left"


def _join_and_leave(run: Run) -> bool:
    """A member that reads nothing, commits nothing and leaves after two seconds; whether it was given partitions."""
    member = Consumer(
        {
            "bootstrap.servers": run.stage.kafka.direct,
            "group.id": GROUP,
            "partition.assignment.strategy": "cooperative-sticky",
            "enable.auto.commit": False,
            "session.timeout.ms": 10_000,
            "log_level": 0,
        }
    )
    given: list[int] = []
    member.subscribe([TOPIC], on_assign=lambda _, partitions: given.extend(each.partition for each in partitions))
    at_least, at_most = time.monotonic() + 2, time.monotonic() + 8
    while time.monotonic() < at_least or (not given and time.monotonic() < at_most):
        assignment = member.assignment()
        if assignment:
            member.pause(assignment)
        member.poll(0.1)
    member.close()
    return bool(given)


@fault("F7", "worker-frozen", "a worker stands still until others have its partitions, then goes on", limit=60)
def worker_frozen(run: Run) -> Generator[None, None, str]:
    worker = run.random.choice(run.stage.workers)
    workers = len(run.stage.workers)
    eventually(lambda: run.stage.kafka.members(GROUP) >= workers, "every worker to join", 90, interval=0.5)
    before = run.stage.kafka.members(GROUP)
    worker.send(signal.SIGSTOP)
    try:
        eventually(
            lambda: run.stage.kafka.members(GROUP) < before, "the group gives a frozen worker up", 60, interval=0.5
        )
        if run.is_long:
            run.hold(45)
        yield
    finally:
        worker.send(signal.SIGCONT)
    eventually(lambda: "Lost partitions" in worker.output(), "the worker notices", 60)
    return f"the group went on with {before - 1} of {before} members, the worker noticed it later"


def _clock(run: Run, *steps: int) -> Generator[None, None, str]:
    """A fourth worker whose clock takes these steps (seconds ahead), and is right at last."""
    offset = run.stage.logs / f"clock-{time.monotonic_ns()}"
    offset.write_text("0")
    command = [sys.executable, "-m", "tests.chaos.shifted_worker", offset, _settings(run)]
    worker = Child(command, offset.with_suffix(".log"), _environment())
    worker.wait_for_output("^ready$", 60)
    for step in steps:
        offset.write_text(str(step))
        direction = "ahead" if step > 0 else "behind"
        worker.wait_for_output(f"^not ready: this machine's clock is more than 60 s {direction}", 60)
    yield
    offset.write_text("0")
    worker.wait_for_output(r"(?s)not ready.*^ready$", 60)
    code = worker.terminate()
    assert code == 0, f"{worker}:\n{worker.last_lines()}"
    return f"a worker with a clock {steps} s ahead paused, and went on with a right one"


@fault("F19", "clock-slow", "a worker's clock is an hour slow", limit=60)
def clock_slow(run: Run) -> Generator[None, None, str]:
    return (yield from _clock(run, -_AN_HOUR))


@fault("F19", "clock-fast", "a worker's clock is an hour fast, then an hour slow: it steps back", limit=60)
def clock_fast(run: Run) -> Generator[None, None, str]:
    return (yield from _clock(run, _AN_HOUR, -_AN_HOUR))


@fault("F20", "everything-again", "a second group applies the whole topic once more", limit=60, hold=(0, 1))
def everything_again(run: Run) -> Generator[None, None, str]:
    group = f"again-{time.monotonic_ns()}"
    ends = run.ends()
    worker = run.stage.start_worker(group=group)

    def read_again() -> bool:
        assert worker.exit_code is None, f"{worker}:\n{worker.last_lines()}"
        commits = run.commits(group)
        return all(commits.get(partition, 0) >= end for partition, end in ends.items())

    eventually(read_again, "the second group to reach the end", 300, interval=0.5)
    yield
    assert worker.terminate() == 0, f"{worker}:\n{worker.last_lines()}"
    return f"{sum(ends.values())} messages applied again beside the first group"


def _settings(run: Run) -> str:
    return json.dumps(
        {
            "in_network_events_consumer_dest": run.stage.kafka.bootstrap,
            "kafka_group_id": GROUP,
            "innetwork_post_topic": TOPIC,
            "dead_letter_topic": DEAD_LETTERS,
            "auto_offset_reset": "smallest",
            "redis_url": run.stage.store.url,
        }
    )


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
