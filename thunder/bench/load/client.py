"""A process of its own that loads servers: its handle, and its program.

The two exchange lines of JSON: a job, then what became of it. The connections of a job end with it.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from functools import cache
from typing import Any, NamedTuple, TextIO, cast

from common.errors import ThunderError
from thunder.bench.load.loops import METHOD, Load, Target, closed_loop, connections, open_loop
from thunder.bench.load.process import LoadProcess
from thunder.bench.standard_store import requests, standard_authors
from thunder.embedded.role_process import program

_DIFFERENT_REQUESTS = 50


class LoadFailed(ThunderError):
    """The client process ended."""


class Job(NamedTuple):
    """A load: closed loop of callers, or with a rate above 0 an open loop at that rate.

    Requests are those of the standard store with this number of authors; size instead of follows: a request that
    names the size of its answer, for the empty server.
    """

    address: str
    seconds: float
    follows: int = 0
    max_results: int = 0
    authors: int = 0
    seen: tuple[int, ...] = ()
    size: int = 0
    method: str = METHOD
    callers: int = 4
    connections: int = 1
    rate: float = 0.0


class LoadClient(LoadProcess):
    """A running client. A context manager; for one thread."""

    def __init__(self) -> None:
        super().__init__(program(f"from {__name__} import main; main()"), subprocess.PIPE)

    def run(self, job: Job) -> Load:
        """Blocks until the load has ended. Raises LoadFailed."""
        to, back = cast("TextIO", self._process.stdin), cast("TextIO", self._process.stdout)
        try:
            print(json.dumps(job), file=to, flush=True)
            outcome: dict[str, Any] = json.loads(back.readline())
        except (OSError, ValueError) as error:
            raise LoadFailed(f"the client process ended with exit code {self._process.poll()}") from error
        figures: dict[str, Any] = outcome | {"ends": Counter(outcome["ends"])}
        return Load(**figures)


def main() -> None:
    """Run jobs from stdin until it ends."""
    for line in sys.stdin:
        fields = json.loads(line)
        job = Job(*fields)._replace(seen=tuple(fields[Job._fields.index("seen")]))
        print(json.dumps(asyncio.run(_run(job))._asdict()), flush=True)


async def _run(job: Job) -> Load:
    asked = [b"%d" % job.size] if job.size else _requests(job.follows, job.max_results, job.authors, job.seen)
    async with connections(Target(job.address, job.method), job.connections) as asks:
        if job.rate:
            return await open_loop(asks, asked, job.rate, job.seconds)
        return await closed_loop(asks, asked, job.callers, job.seconds)


@cache
def _requests(follows: int, max_results: int, authors: int, seen: tuple[int, ...]) -> list[bytes]:
    asked = requests(_DIFFERENT_REQUESTS, follows, max_results, seen, standard_authors(authors))
    return [request.SerializeToString() for request in asked]
