"""`thunder bench serve`: loads a running server in an open loop, which does not wait for answers."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import grpc
from rich.console import Console
from rich.table import Table

from common.errors import ConfigurationError
from common.settings.sources import ADDRESS_VARIABLE
from thunder.bench.display import progress_bar
from thunder.bench.load.loops import CallTerms, Load, Target, connections, open_loop
from thunder.bench.options import LoadOptions
from thunder.bench.standard_store import requests, standard_authors
from thunder.cli.exit_codes import ExitCode
from thunder.cli.query import DEFAULT_ADDRESS, ServerOptions
from thunder.client import AskFailed

_DIFFERENT_REQUESTS = 200
_SECONDS_TO_CONNECT = 10.0


class ServerLoadOptions(ServerOptions, LoadOptions):
    """thunder bench serve: load on a running server."""


def run_serve_load(options: ServerLoadOptions) -> int:
    """Load the server, print the outcome, return the exit code. Raises AskFailed, ConfigurationError."""
    address = options.address or os.environ.get(ADDRESS_VARIABLE) or DEFAULT_ADDRESS
    authors = _authors(options.authors_file) if options.authors_file else standard_authors()
    asked = requests(_DIFFERENT_REQUESTS, options.follows, options.results, authors, authors)
    try:
        token = options.token_file.read_text().strip() if options.token_file else None
        target = Target(address, ca=options.ca, certificate=options.certificate, key=options.key)
        serialised = [request.SerializeToString() for request in asked]
        load = asyncio.run(_load(target, serialised, CallTerms(options.timeout, token), options))
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from error
    if options.as_json:
        print(json.dumps(load_as_json(load)), flush=True)
    else:
        _show(load)
    return ExitCode.DONE if load.goodput else ExitCode.FAILED


async def _load(target: Target, asked: Sequence[bytes], terms: CallTerms, options: ServerLoadOptions) -> Load:
    try:
        async with asyncio.timeout(_SECONDS_TO_CONNECT) as connecting, connections(target, options.connections) as asks:
            connecting.reschedule(None)
            with progress_bar() as bar:
                task = bar.add_task("loading", total=options.seconds)
                return await open_loop(
                    asks, asked, options.rate, options.seconds, terms, lambda done: bar.update(task, completed=done)
                )
    except TimeoutError as error:
        unavailable = f"{target.address} is not available. Is the server running there?"
        raise AskFailed(unavailable, grpc.StatusCode.UNAVAILABLE) from error


def _authors(file: Path) -> list[int]:
    """Ids of a file. ConfigurationError."""
    try:
        ids = [int(line) for line in file.read_text().split()]
    except OSError as error:
        raise ConfigurationError(f"--authors-file: cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError("--authors-file: each line should be an author id") from error
    if not ids or not all(0 < each < 2**63 for each in ids):
        raise ConfigurationError("--authors-file: each line should be an author id, and there should be one at least")
    return ids


def load_as_json(load: Load) -> dict[str, object]:
    """The outcome; refusals are part of the other ends, by name."""
    ends = dict(load.ends)
    return {
        "sent": load.sent,
        "offered_per_second": round(load.offered, 1),
        "goodput_per_second": round(load.goodput, 1),
        "p50_ms": round(load.p50_ms, 2),
        "p99_ms": round(load.p99_ms, 2),
        "p999_ms": round(load.p999_ms, 2),
        "answer_bytes": round(load.answer_bytes),
        "refused": ends.pop("refused", 0),
        "partial": ends.pop("partial", 0),
        "errors": ends,
    }


def _show(load: Load) -> None:
    table = Table("", "", show_header=False)
    for name, value in load_as_json(load).items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int | float) else str(value or "none"))
    Console(highlight=False).print(table)
