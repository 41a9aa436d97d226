"""Writes the accepted figures into docs/performance.md: python -m tests.tools.benchmark_tables."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).parents[2]
ACCEPTED, PAGE = TOP / "thunder" / "bench" / "accepted.json", TOP / "docs" / "performance.md"
BEGIN, END = "<!-- {}: written by tests.tools.benchmark_tables -->", "<!-- end -->"

Figures = Mapping[str, Any]


def with_tables(page: str, accepted: Figures) -> str:
    """The page with the tables of these figures between its marks; a table without figures stays as it is."""
    for name, block in TABLES.items():
        if not block.needs <= accepted.keys():
            continue
        begin = BEGIN.format(name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(END)
        page = f"{before}{begin}\n{block.table(accepted)}\n{END}{after}"
    return page


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [" | ".join(cells) for cells in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(f"| {line} |" for line in lines)


def reading(accepted: Figures) -> str:
    """Cost of requests."""
    heads = ("follows x results", "core", "per CPU-second", "naive", "factor", "server ms", "Redis ms", "p50, p99 ms")

    def rows() -> Iterator[Sequence[str]]:
        for row in accepted["read"]["rows"]:
            rate, ratio = row["requests_per_cpu_second"], row["ratio_to_naive"]
            yield (
                f"{row['follows']:,} x {row['max_results']:,}",
                row["core"],
                f"{rate:,.0f}",
                f"{rate / ratio:,.3g}",
                f"{ratio:.1f}",
                f"{row['server_ms']:.2f}",
                f"{row['redis_ms']:.2f}",
                f"{row['p50_ms']:.1f}, {row['p99_ms']:.1f}",
            )

    return _table(heads, rows())


def writing(accepted: Figures) -> str:
    """Cost of events, memory, freshness, catching up."""
    ingest, memory, latency = accepted["ingest"], accepted["memory"]["bytes_per_post"], accepted["latency"]
    per_second, in_python = ingest["events_per_cpu_second"], ingest.get("events_per_cpu_second_in_python")
    fresh = {row["events_per_second"]: row for row in accepted["freshness"]["rows"]}
    facts = {
        "events per CPU-second of a worker that catches up: protobuf, Thrift in one hop": (
            f"{per_second['protobuf']:,}, {per_second['thrift']:,}"
        ),
        **({"with the decoder in Python": f"{in_python['protobuf']:,}, {in_python['thrift']:,}"} if in_python else {}),
        "the first as a factor of the naive worker": f"{ingest['ratio_to_naive']:.2f}",
        "CPU of Redis per post": f"{ingest['redis_us_per_post']:.1f} us",
        "events per second while catching up, as a factor of 5,000 live events per second": (
            f"{latency['catch_up']['events_per_second']:,}, {latency['catch_up']['times_real_time']:.1f}"
        ),
        "memory of Redis per post with 50 and 5 posts per author": f"{memory['50']:.0f} B, {memory['5']:.0f} B",
        **{
            f"Kafka's acknowledgement to an answer over gRPC, at {rate:,} events per second: p50, p99": (
                f"{row['p50_ms']:.0f} ms, {row['p99_ms']:.0f} ms"
            )
            for rate, row in fresh.items()
        },
    }
    return _table(("", ""), iter(facts.items()))


def latency(accepted: Figures) -> str:
    """Latency in an open loop."""
    heads = ("load", "requests per second", "goodput", "p50 ms", "p99 ms", "p99.9 ms", "stalls above 20 ms")

    def rows() -> Iterator[Sequence[str]]:
        for loop in accepted["latency"]["open_loop"]:
            yield (
                f"{loop['share_of_peak']:.0%} of the peak",
                *(f"{loop[name]:,.0f}" for name in ("requests_per_second", "goodput")),
                *(f"{loop[name]:,.1f}" for name in ("p50_ms", "p99_ms", "p999_ms")),
                str(loop["stalls"]),
            )

    return _table(heads, rows())


def scale(accepted: Figures) -> str:
    """Costs by the number of nodes and processes."""
    heads = ("masters", "workers", "servers", "for each", "CPU us of its processes", "CPU us of Redis", "of each node")

    def rows() -> Iterator[Sequence[str]]:
        for row in accepted["scale"]["rows"]:
            counts = (str(row.get(name, "")) for name in ("masters", "workers", "servers"))
            nodes = ", ".join(f"{each:,.1f}" for each in row["nodes"])
            piece = "post" if "workers" in row else "request"
            yield (*counts, piece, f"{row['cpu_us']:,.1f}", f"{row['redis_us']:,.1f}", nodes)

    return _table(heads, rows())


def growth(accepted: Figures) -> str:
    """Costs by posts per author."""
    heads = ("posts per author", "server ms", "Redis ms", "commands", "bytes of the answer")

    def rows() -> Iterator[Sequence[str]]:
        for row in accepted["growth"]["rows"]:
            figures = (f"{row[name]:.2f}" for name in ("server_ms", "redis_ms"))
            yield (str(row["posts_per_author"]), *figures, f"{row['commands']:,.0f}", f"{row['answer_bytes']:,}")

    return _table(heads, rows())


def stream_framework(accepted: Figures) -> str:
    """Costs of stream-framework."""
    names = {
        "reads_of_1200_per_cpu_second": "reads of 1,200 entries per CPU-second",
        "reads_of_100_per_cpu_second": "reads of 100 entries per CPU-second",
        "cpu_us_per_post_and_follower": "CPU of a post for each follower, us",
        "bytes_per_entry": "memory of Redis for each entry of a feed, B",
    }
    found = accepted["stream_framework"]
    return _table(("stream-framework 1.4.0", ""), ((text, f"{found[name]:,.0f}") for name, text in names.items()))


def circumstances(accepted: Figures) -> str:
    """Machine, and the load on it while each benchmark ran."""
    heads = ("measured", "on", "cores", "Python", "load of the machine, that of the benchmark included")

    def rows() -> Iterator[Sequence[str]]:
        for name, figures in accepted.items():
            measured = figures["measured"]
            yield name.replace("_", "-"), *(str(measured[each]) for each in ("date", "cores", "python", "load"))

    return _table(heads, rows())


class _Block(NamedTuple):
    """A table, and the benchmarks whose figures it needs."""

    table: Callable[[Figures], str]
    needs: frozenset[str]


TABLES: Mapping[str, _Block] = {
    "circumstances": _Block(circumstances, frozenset()),
    "reading": _Block(reading, frozenset({"read"})),
    "writing": _Block(writing, frozenset({"ingest", "memory", "freshness", "latency"})),
    "latency": _Block(latency, frozenset({"latency"})),
    "growth": _Block(growth, frozenset({"growth"})),
    "scale": _Block(scale, frozenset({"scale"})),
    "stream-framework": _Block(stream_framework, frozenset({"stream_framework"})),
}


def main() -> None:
    accepted: Figures = json.loads(ACCEPTED.read_text(encoding="utf-8"))
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), accepted), encoding="utf-8")


if __name__ == "__main__":
    main()
