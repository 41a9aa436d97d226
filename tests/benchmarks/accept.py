"""Measure everything and accept the figures: python -m tests.benchmarks.accept, on a machine that does nothing else.

Writes thunder/bench/accepted.json, which `thunder bench` shows beside new figures, and the plot docs/benchmarks.svg.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ACCEPTED, PLOT = ROOT / "thunder" / "bench" / "accepted.json", ROOT / "docs" / "benchmarks.svg"
BENCH = (str(Path(sys.executable).with_name("thunder")), "bench")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.accept", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller and shorter: to try this program")
    options = parser.parse_args()
    quick = ["--quick"] if options.quick else []
    found = figures_of(*BENCH, "all", "--svg", str(PLOT), *quick)
    found["machine"] = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[2], 1),
    }
    ACCEPTED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def figures_of(*command: str) -> dict[str, Any]:
    """The last line that the command prints with --json."""
    done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
