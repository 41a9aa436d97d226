"""What is told about a source at its end, to people and to programs. Pure."""

from typing import NamedTuple

from ingest.sources.statistics import Counts, Statistics


class CountRow(NamedTuple):
    """How often something happened. in_total: in all runs, None when nobody knows."""

    fate: str
    label: str
    in_this_run: int
    in_total: int | None


def count_rows(counts: Counts, totals: Counts | None) -> list[CountRow]:
    """A row for each label that ever came up, what came up most first among those of one fate."""
    rows: list[CountRow] = []
    for fate in ("sent", "ignored", "dropped"):
        run: dict[str, int] = getattr(counts, fate)
        total: dict[str, int] = getattr(totals, fate, {})
        rows += [
            CountRow(fate, label, run.get(label, 0), None if totals is None else total.get(label, 0))
            for label in sorted(run | total, key=lambda label: (-total.get(label, 0), -run.get(label, 0), label))
        ]
    return rows


def as_json(source: str, statistics: Statistics, totals: Counts | None) -> dict[str, object]:
    """The last line of --json. totals: null when Redis does not tell."""
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


def summary(source: str, statistics: Statistics) -> str:
    """The run in a line."""
    counts, overall = statistics.counts, statistics.pace.overall
    extra = {"failed": counts.failed, "bad dates": counts.bad_dates, "reconnects": counts.reconnects}
    told = "".join(f", {name} {count:,}" for name, count in extra.items() if count)
    return (
        f"{source}: received {counts.received:,} ({overall.received:,.0f}/s), produced {counts.produced:,} "
        f"({overall.produced:,.0f}/s), queue {statistics.queued:,}{told}, in {statistics.pace.seconds:.1f} s"
    )
