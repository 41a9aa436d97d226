"""Measure everything and accept the figures: python -m tests.benchmarks.accept, on a machine that does nothing else.

Writes thunder/bench/accepted.json, which `thunder bench` shows beside new figures, docs/benchmarks.svg, and the tables
of docs/performance.md. Figures that are not measured again stay as they are.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.tools import benchmark_tables
from thunder.bench.bar_plot import read_plot

PLOT = benchmark_tables.PAGE.with_name("benchmarks.svg")
THUNDER = str(Path(sys.executable).with_name("thunder"))
UV = ("uv",) if shutil.which("uv") else (sys.executable, "-m", "uv")

COMMANDS: dict[str, tuple[str, ...]] = {
    **{name: (THUNDER, "bench", name) for name in ("read", "ingest", "memory", "freshness", "latency")},
    "growth": (sys.executable, "-m", "tests.benchmarks.growth"),
    "scale": (sys.executable, "-m", "tests.benchmarks.scale"),
    "stream_framework": (*UV, "run", "--quiet", str(Path(__file__).with_name("stream_feed.py"))),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.accept", description=__doc__)
    parser.add_argument("--only", default=",".join(COMMANDS), help="comma-separated")
    options = parser.parse_args()
    file = benchmark_tables.ACCEPTED
    accepted: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for name in options.only.split(","):
        accepted[name] = {**figures_of(*COMMANDS[name]), "measured": circumstances()}
        file.write_text(json.dumps(accepted, indent=1) + "\n", encoding="utf-8")
    PLOT.write_text(read_plot(accepted["read"]["rows"]), encoding="utf-8")
    benchmark_tables.main()


def figures_of(*command: str) -> dict[str, Any]:
    """The last line that the command prints with --json."""
    done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def circumstances() -> dict[str, Any]:
    """Machine and day of a measurement, and the load of its last five minutes, that of the benchmark included."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[1], 1),
    }


if __name__ == "__main__":
    main()
