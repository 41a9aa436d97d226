"""`thunder source`: runs a source and shows it.

A line that changes on a terminal, a table at the end, one JSON object for programs.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column, Table

from common.settings.source import SourceSettings
from ingest.sources.app import run_source
from ingest.sources.catalogue import catalogue
from ingest.sources.statistics import Counts, Statistics


def run_source_command(settings: SourceSettings) -> int:
    """Run the source whose settings these are; the exit code. Raises ThunderError."""
    opened = catalogue().kind_of(settings).opened(settings)
    with closing(SourceDisplay(opened.source.name, opened.source.expected, as_json=settings.as_json)) as display:
        return run_source(settings, opened, display)


class CountRow(NamedTuple):
    """Count of a label. in_total: of all runs, None when it is unknown."""

    disposition: str
    label: str
    in_this_run: int
    in_total: int | None


def count_rows(counts: Counts, totals: Counts | None) -> list[CountRow]:
    """A row for each label that ever occurred, the most frequent first within a disposition."""
    rows: list[CountRow] = []
    for disposition in ("sent", "ignored", "dropped"):
        run: dict[str, int] = getattr(counts, disposition)
        total: dict[str, int] = getattr(totals, disposition, {})
        rows += [
            CountRow(disposition, label, run.get(label, 0), None if totals is None else total.get(label, 0))
            for label in sorted(run | total, key=lambda label: (-total.get(label, 0), -run.get(label, 0), label))
        ]
    return rows


def source_as_json(source: str, statistics: Statistics, totals: Counts | None) -> dict[str, object]:
    """The last line of --json. totals: null when Redis does not answer."""
    overall = statistics.pace.overall
    return {
        "source": source,
        **statistics.counts._asdict(),
        "rates": {
            "received_per_second": round(overall.received, 1),
            "produced_per_second": round(overall.produced, 1),
        },
        "seconds": round(statistics.pace.seconds, 3),
        "totals": None if totals is None else totals._asdict(),
    }


def source_summary(source: str, statistics: Statistics) -> str:
    """The run in a line."""
    counts, overall = statistics.counts, statistics.pace.overall
    extra = {"failed": counts.failed, "bad dates": counts.bad_dates, "reconnects": counts.reconnects}
    problems = "".join(f", {name} {count:,}" for name, count in extra.items() if count)
    return (
        f"{source}: received {counts.received:,} ({overall.received:,.0f}/s), produced {counts.produced:,} "
        f"({overall.produced:,.0f}/s), queue {statistics.queued:,}{problems}, in {statistics.pace.seconds:.1f} s"
    )


class SourceDisplay:
    """Shows a source on stderr while it runs, if that is a terminal, and its counts on stdout when it has ended."""

    def __init__(self, source: str, expected: int | None, *, as_json: bool) -> None:
        """expected: number of messages, None when it is unknown. as_json: stdout is for a program."""
        self._source = source
        self._as_json = as_json
        self._progress = _progress(Console(stderr=True, highlight=False), with_bar=expected is not None)
        self._task = self._progress.add_task(source, total=expected, numbers="")
        self._progress.start()  # from now on the log scrolls above the line

    def show(self, statistics: Statistics) -> None:
        """Update the line."""
        recent = statistics.pace.recent
        numbers = f"received {recent.received:,.0f}/s · produced {recent.produced:,.0f}/s · queue {statistics.queued:,}"
        self._progress.update(self._task, completed=statistics.counts.received, numbers=numbers)

    def end(self, statistics: Statistics, totals: Counts | None) -> None:
        """Replace the line by the counts."""
        self.close()
        console = Console(stderr=self._as_json, highlight=False)
        if rows := count_rows(statistics.counts, totals):
            console.print(_table(rows))
        console.print(source_summary(self._source, statistics), soft_wrap=True)
        if self._as_json:
            print(json.dumps(source_as_json(self._source, statistics, totals)), flush=True)

    def close(self) -> None:
        """Remove the line and show the cursor; a second call is a no-op."""
        self._progress.stop()


def _progress(console: Console, *, with_bar: bool) -> Progress:
    # a number is never cut: a narrow terminal has no bar, and the text continues on further lines
    bar = BarColumn(bar_width=max(0, min(20, console.width - 80)))
    of_all = (bar, MofNCompleteColumn(table_column=Column(no_wrap=True))) if with_bar else ()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *of_all,
        TextColumn("{task.fields[numbers]}", markup=False, table_column=Column(overflow="fold")),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.is_dumb_terminal,
    )


def _table(rows: Sequence[CountRow]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("")
    table.add_column("event type", overflow="fold")
    table.add_column("this run", justify="right", no_wrap=True)
    table.add_column("in total", justify="right", no_wrap=True)
    for row in rows:
        total = "unknown" if row.in_total is None else f"{row.in_total:,}"
        table.add_row(row.disposition, row.label, f"{row.in_this_run:,}", total)
    return table
