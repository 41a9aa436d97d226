"""Shows figures: progress on a terminal, tables for people beside the accepted figures, one line of JSON."""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Figures = Mapping[str, Any]
"""Figures of a benchmark, as its JSON has them."""

_ACCEPTED = "accepted.json"


def progress_bar() -> Progress:
    """Bars on stderr, if that is a terminal."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal or console.is_dumb_terminal)


def accepted(name: str) -> Figures:
    """Accepted figures of a benchmark, from the run whose JSON travels with the code; empty for none."""
    file = files("thunder.bench").joinpath(_ACCEPTED)
    return json.loads(file.read_text(encoding="utf-8")).get(name, {}) if file.is_file() else {}


def show(name: str, figures: Figures) -> None:
    """Print tables of the figures of this benchmark, the accepted ones beside them in brackets."""
    console = Console(highlight=False)
    before = accepted(name)
    match name:
        case "read":
            console.print(_read_table(figures, before))
            floor, then = figures["floor_ms"], before.get("floor_ms")
            console.print(f"an empty call with an answer of that size costs {_beside(floor, then)} ms of CPU")
        case "freshness":
            console.print(_rows_table(figures["rows"], before.get("rows", ())))
        case "latency":
            console.print(_rows_table(figures["open_loop"], before.get("open_loop", ())))
            console.print(_pairs_table(figures, before))
        case _:
            console.print(_pairs_table(figures, before))


def _read_table(figures: Figures, before: Figures) -> Table:
    heads = ("follows", "results", "core", "per CPU-s", "x naive", "server ms", "Redis ms", "p50 ms", "p99 ms")
    table = _table(*heads, "commands")
    then = {_kind(row): row for row in before.get("rows", ())}
    for row in figures["rows"]:
        accepted_row = then.get(_kind(row), {})
        names = ("requests_per_cpu_second", "ratio_to_naive", "server_ms", "redis_ms", "p50_ms", "p99_ms")
        cells = (_beside(row[name], accepted_row.get(name)) for name in (*names, "commands"))
        table.add_row(str(row["follows"]), str(row["max_results"]), row["core"], *cells)
    return table


def _kind(row: Figures) -> tuple[object, ...]:
    return row["follows"], row["max_results"], row["core"]


def _rows_table(rows: Iterable[Figures], before: Iterable[Figures]) -> Table:
    """A column for each name; the first two name the row."""
    listed, then = list(rows), {next(iter(row.values())): row for row in before}
    table = _table(*(name.replace("_", " ") for name in listed[0]))
    for row in listed:
        accepted_row = then.get(next(iter(row.values())), {})
        table.add_row(*(_beside(value, accepted_row.get(name)) for name, value in row.items()))
    return table


def _pairs_table(figures: Figures, before: Figures) -> Table:
    """A row for each figure that is a number, with the names that lead to it."""
    then = dict(_numbers(before))
    table = _table("", "this run (accepted)")
    for name, value in _numbers(figures):
        table.add_row(name.replace("_", " "), _beside(value, then.get(name)))
    return table


def _numbers(figures: Figures, path: str = "") -> Iterable[tuple[str, float]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _numbers(cast("Figures", value), f"{path}{name} ")
        elif isinstance(value, int | float):
            yield path + name, value


def _beside(value: object, accepted_value: object) -> str:
    now = _number(value)
    return now if accepted_value is None or accepted_value == value else f"{now} ({_number(accepted_value)})"


def _number(value: object) -> str:
    match value:
        case int() | float() if abs(value) >= 100:
            return f"{value:,.0f}"
        case int() | float():
            return f"{value:,.3g}"
        case _:
            return str(value or "")


def _table(*heads: str) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right", overflow="fold")
    return table
