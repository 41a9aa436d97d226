"""The command line: see tests/chaos/__init__.py."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests import chaos
from tests.chaos.registry import Scenario, all_scenarios
from tests.chaos.run import Run
from tests.chaos.stage import stage


def main() -> int:
    options = parsed()
    scenarios = all_scenarios()
    if options.list:
        for each in scenarios.values():
            print(f"{each.name:28} {each.summary}")
        return 0
    if options.scenario not in scenarios:
        print(f"no scenario {options.scenario}; --list names them", file=sys.stderr)
        return 2
    report = play(scenarios[options.scenario], options)
    print(json.dumps(report) if options.json else report)
    return 1 if report["violations"] else 0


def parsed() -> argparse.Namespace:
    description = str(chaos.__doc__)
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="draws the faults and all that the load does")
    parser.add_argument("--minutes", type=float, default=5.0, help="length of the run, start and checks left out")
    parser.add_argument("--scenario", default="quiet", help="run this fault or scenario alone")
    parser.add_argument("--factor", type=float, default=1.0, help="multiplies the limits of the invariants about time")
    parser.add_argument("--list", action="store_true", help="name faults and scenarios, and end")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    return parser.parse_args()


def play(scenario: Scenario, options: argparse.Namespace) -> dict[str, object]:
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, highlight=False)

    with (
        tempfile.TemporaryDirectory(prefix="thunder-chaos-") as directory,
        stage(Path(directory), scenario.make_store, say) as made,
    ):
        say(f"{scenario.name}: {scenario.summary}")
        scenario.play(Run(made, say, random.Random(options.seed), options.factor))
    return {"scenario": scenario.name, "seed": options.seed, "violations": []}


if __name__ == "__main__":
    sys.exit(main())
