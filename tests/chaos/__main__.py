"""The command line: see tests/chaos/__init__.py."""

import argparse
import json
import pickle
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from tests import chaos
from tests.chaos.checks.checker import Violation, violations
from tests.chaos.checks.truth import Truth, events_of_topic, wrong_answers, wrong_keys
from tests.chaos.draw import inflict
from tests.chaos.fault import Fault, all_faults
from tests.chaos.losses.command import play_scene, scenes
from tests.chaos.registry import Scenario, all_scenarios
from tests.chaos.report import Report
from tests.chaos.run import Plan, Run
from tests.chaos.stage import TOPIC, cluster_of_six, stage
from tests.support.processes.descendants import adopt_orphans, end_descendants
from tests.support.redis.key_leaks import PERMANENT, assert_every_key_has_ttl

Say = Callable[[str], None]


def main() -> int:
    options = parsed()
    everything = playable()
    if options.list:
        for each in (*everything.values(), *scenes().values()):
            print(f"{each.name:28} {each.summary}")
        return 0
    if (scene := scenes().get(options.scenario)) is not None:
        adopt_orphans()
        return play_scene(scene, as_json=options.json, factor=options.factor)
    names = options.scenario.split(",")
    if unknown := [name for name in names if name not in everything]:
        print(f"no fault or scenario {unknown[0]}; --list names them", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, end_in_order)
    adopt_orphans()
    report = play(joined([everything[name] for name in names]), options)
    left = end_descendants()
    if options.json:
        print(json.dumps(report.as_json()))
    else:
        report.show(Console(width=None if sys.stdout.isatty() else 160))
    for process in left:
        print(f"left behind: {process.command}", file=sys.stderr)
    return 1 if report.violations or left else 0


def end_in_order(number: int, _: object) -> None:
    """Say what was found so far, and leave nothing behind."""
    sys.exit(128 + number)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=str(chaos.__doc__),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="draws the faults and all that the load does")
    parser.add_argument("--minutes", type=float, default=5.0, help="length of the run, start and checks left out")
    parser.add_argument(
        "--scenario", default="drawn", help="run this fault or scenario alone, or several, separated by commas"
    )
    parser.add_argument("--factor", type=float, default=1.0, help="multiplies the limits of the invariants about time")
    parser.add_argument("--list", action="store_true", help="name faults and scenarios, and end")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    parser.add_argument("--logs", type=Path, help="keep the logs of all processes in this folder")
    return parser.parse_args()


def playable() -> dict[str, Scenario]:
    """Scenarios, and each fault alone."""
    alone = {
        fault.name: Scenario(
            fault.name,
            f"{fault.number}: {fault.summary}",
            partial(inflict_alone, fault=fault),
            cluster_of_six,
        )
        for fault in all_faults().values()
    }
    return all_scenarios() | alone


def joined(scenarios: Sequence[Scenario]) -> Scenario:
    """One after the other, on the Redis of the first."""

    def play_all(run: Run) -> None:
        for scenario in scenarios:
            scenario.play(run)

    first = scenarios[0]
    return first if len(scenarios) == 1 else Scenario("several", "one after the other", play_all, first.make_store)


def inflict_alone(run: Run, fault: Fault) -> None:
    """Between two moments of calm."""
    run.hold(3)
    inflict(run, fault)
    run.hold(2)


def play(scenario: Scenario, options: argparse.Namespace) -> Report:
    console = Console(stderr=True)
    begun = time.monotonic()
    plan = Plan(options.seed, options.minutes, options.factor)

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - begun:6.1f} s  {line}", highlight=False, markup=False, soft_wrap=True)

    with (
        tempfile.TemporaryDirectory(prefix="thunder-chaos-") as directory,
        kept_logs(Path(directory), options.logs),
        stage(Path(directory), scenario.make_store, say) as made,
    ):
        run = Run(made, plan, say)
        began = time.monotonic()
        broken = list(endured(run, scenario, say))
        say("checking")
        (Path(directory) / "history.pickle").write_bytes(pickle.dumps(run.history))
        found = [*broken, *violations(run.history, plan.factor)]
        if not broken:
            found += at_rest(run)
    return Report(scenario.name, plan, time.monotonic() - began, began, run.history, run.soak.growths(), found)


@contextmanager
def kept_logs(directory: Path, kept: Path | None) -> Generator[None]:
    """Copy what the processes wrote, and the history, before they are removed; not the data of Kafka."""
    try:
        yield
    finally:
        if kept:
            shutil.copytree(directory, kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))


def endured(run: Run, scenario: Scenario, say: Say) -> Iterator[Violation]:
    """What ended the run early, if anything did."""
    say(f"{scenario.name}: {scenario.summary} (seed {run.plan.seed})")
    try:
        with run.under_load():
            scenario.play(run)
            say("waiting until everything is applied")
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it is what the run has found
        traceback.print_exc()
        yield Violation("run", time.monotonic(), f"{type(error).__name__}: {error}")


def at_rest(run: Run) -> Iterator[Violation]:
    """I1, I4 and I11 of the store, once everything is applied."""
    for server in run.stage.store.data_servers():
        try:
            assert_every_key_has_ttl(server.client, PERMANENT)
        except AssertionError as leak:
            yield Violation("I11", time.monotonic(), str(leak))
    truth = Truth(events_of_topic(run.stage.kafka.direct, TOPIC))
    yield from wrong_answers(truth, run.stage.servers)
    yield from wrong_keys(truth, run.stage.store.data_servers())


if __name__ == "__main__":
    sys.exit(main())
