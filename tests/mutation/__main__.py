"""The command line of tests.mutation, which its guide describes."""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any, NamedTuple

from tests.mutation.equivalents import EQUIVALENTS
from tests.mutation.mutants import Mutant
from tests.mutation.targets import TEST_OPTIONS, mutants_of
from tests.mutation.workspace import Fate, Tried, Workspace

ROOT = Path(__file__).parents[2]

_BASELINE_SECONDS = 300.0

Drawn = tuple[Mutant, tuple[str, ...]]
"""A mutant, and the tests that must find it."""


class Verdict(NamedTuple):
    """A mutant that was tried."""

    mutant: Mutant
    tried: Tried


class Trials:
    """Tries mutants in several workspaces at once. The tests must pass without a mutant first."""

    def __init__(self, workspaces: Sequence[Workspace]) -> None:
        self._free: SimpleQueue[Workspace] = SimpleQueue()
        for workspace in workspaces:
            self._free.put(workspace)
        self._baselines: dict[tuple[str, ...], float] = {}
        self._one_at_a_time: dict[tuple[str, ...], Lock] = {}

    def verdict(self, drawn: Drawn) -> Verdict:
        """Try one mutant. SystemExit when its tests fail without it. Blocks; for any thread."""
        mutant, tests = drawn
        workspace = self._free.get()
        try:
            limit = 10.0 + 3.0 * self._baseline(workspace, tests)
            verdict = Verdict(mutant, workspace.try_out(mutant, (*tests, *TEST_OPTIONS), limit))
        finally:
            self._free.put(workspace)
        print(_line(verdict), file=sys.stderr, flush=True)
        return verdict

    def _baseline(self, workspace: Workspace, tests: tuple[str, ...]) -> float:
        with self._one_at_a_time.setdefault(tests, Lock()):
            if tests not in self._baselines:
                tried = workspace.run((*tests, *TEST_OPTIONS), _BASELINE_SECONDS)
                if tried.fate is not Fate.SURVIVED:
                    raise SystemExit(f"{' '.join(tests)} fail without a mutant:\n{tried.output}")
                self._baselines[tests] = tried.seconds
        return self._baselines[tests]


def main() -> int:
    options = _options()
    begun = time.monotonic()
    everything = mutants_of(ROOT)
    for key in sorted(EQUIVALENTS.keys() - {mutant.key for mutant, _ in everything}):
        print(f"No longer a mutant, delete it from equivalents.py: {key}", file=sys.stderr)
    found = [each for each in everything if each[0].key.path.startswith(options.file)]
    drawn = random.Random(options.seed).sample(found, min(options.count, len(found)))
    explained = [mutant for mutant, _ in drawn if mutant.key in EQUIVALENTS]
    verdicts = _verdicts([each for each in drawn if each[0].key not in EQUIVALENTS], options.jobs)
    survivors = [verdict.mutant for verdict in verdicts if verdict.tried.fate is Fate.SURVIVED]
    report = {
        "seed": options.seed,
        "mutants": len(found),
        "drawn": len(drawn),
        "killed": len(verdicts) - len(survivors),
        "explained": len(explained),
        "survived": len(survivors),
        "seconds": round(time.monotonic() - begun),
    }
    print(json.dumps(report | {"tried": [*map(_json, verdicts)]}) if options.json else _text(report, survivors))
    return 1 if survivors else 0


def _verdicts(drawn: Sequence[Drawn], jobs: int) -> list[Verdict]:
    """Slow tests begin first, so that the fast ones fill the gaps."""
    ordered = sorted(drawn, key=lambda each: (-len(each[1]), each[1]))
    with tempfile.TemporaryDirectory(prefix="thunder-mutation-") as directory, ThreadPoolExecutor(jobs) as pool:
        trials = Trials([Workspace(ROOT, Path(directory, str(number))) for number in range(jobs)])
        return [*pool.map(trials.verdict, ordered)]


def _line(verdict: Verdict) -> str:
    mutant, tried = verdict
    key = mutant.key
    place = f"{key.path}:{mutant.line} {key.function}"
    return f"{tried.fate.value:<9} {tried.seconds:5.1f} s  {place}: {key.operator}: {key.before} -> {key.after}"


def _text(report: dict[str, Any], survivors: Sequence[Mutant]) -> str:
    diffs = [f"\nSurvived, in {mutant.key.function or 'the module'}:\n{mutant.diff}" for mutant in survivors]
    return "\n".join([*diffs, "\n" + ", ".join(f"{name} {value}" for name, value in report.items())])


def _json(verdict: Verdict) -> dict[str, Any]:
    mutant, tried = verdict
    return {**mutant.key._asdict(), "line": mutant.line, "fate": tried.fate.value, "seconds": round(tried.seconds, 1)}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="number that the mutants are drawn by")
    parser.add_argument("--count", type=int, default=8, help="number of mutants to try (8)")
    parser.add_argument("--jobs", type=int, default=2, help="number of mutants to try at once (2)")
    parser.add_argument("--file", default="", help="draw only from files whose path begins with this")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of text")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
