"""Cost of a request by the posts of each author: python -m tests.benchmarks.growth [--json].

Stores of 2,000 authors with 5, 20, 50 and 200 posts each, one after the other; requests have 200 follows and ask for
1,200 results. How cost grows with follows and results is in `thunder bench read`, with nodes in tests.benchmarks.scale.
Trust ratios of one run.
"""

import argparse
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from thunder.bench.load.client import Job, LoadClient
from thunder.bench.processes import cpu_seconds, redis_use, start_server
from thunder.bench.standard_store import posts
from thunder.bench.store import empty_store, fill

POSTS_PER_AUTHOR = (5, 20, 50, 200)
FOLLOWS, RESULTS = 200, 1200


class Growth(NamedTuple):
    """Costs of a request."""

    posts_per_author: int
    server_ms: float
    redis_ms: float
    commands: float
    answer_bytes: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--authors", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress:
        found = [measure(each, options.authors, options.seconds, progress) for each in POSTS_PER_AUTHOR]
    rows = [growth._asdict() for growth in found]
    if options.json:
        print(json.dumps({"rows": rows}))
    else:
        show(rows)


def measure(per_author: int, authors: int, seconds: float, progress: Progress) -> Growth:
    count = authors * per_author
    with ExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory()))
        store = running.enter_context(empty_store(None, folder, count))._replace(authors=authors)
        fill(store, posts(int(time.time()), authors, per_author), count, progress)
        connection = running.enter_context(store.client())
        client = running.enter_context(LoadClient())
        server = start_server("server", store, folder, running)
        job = Job(server.address, seconds, FOLLOWS, RESULTS, authors)
        client.run(job._replace(seconds=seconds / 4))
        cpu, use = cpu_seconds(server.process), redis_use(connection)
        load = client.run(job)
        used_cpu, used = cpu_seconds(server.process) - cpu, redis_use(connection)
    server_ms, redis_ms = used_cpu / load.sent * 1000, (used.seconds - use.seconds) / load.sent * 1000
    commands = (used.commands - use.commands) / load.sent
    return Growth(per_author, round(server_ms, 3), round(redis_ms, 3), round(commands, 1), round(load.answer_bytes))


def show(rows: Sequence[dict[str, Any]]) -> None:
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*(f"{value:,}" for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
