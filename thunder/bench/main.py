"""Runs the benchmarks of `thunder bench`: from options to figures, and these to a screen, a line of JSON, a plot."""

import json
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress

from common.errors import ConfigurationError
from thunder.bench.bar_plot import read_plot
from thunder.bench.display import Figures, progress_bar, show
from thunder.bench.freshness import freshness_as_json, measure_freshness
from thunder.bench.ingest import ingest_as_json, measure_ingest
from thunder.bench.latency import latency_as_json, measure_latency
from thunder.bench.memory import measure_memory, memory_as_json
from thunder.bench.options import (
    AllBenchOptions,
    BenchOutputOptions,
    FreshnessBenchOptions,
    IngestBenchOptions,
    LatencyBenchOptions,
    MemoryBenchOptions,
    ReadBenchOptions,
)
from thunder.bench.read import measure_read, read_as_json
from thunder.cli.exit_codes import ExitCode

Measure = Callable[[Progress], Figures]


def bench_read(options: ReadBenchOptions) -> int:
    """Run `thunder bench read`; the exit code. Raises ThunderError."""
    figures = _measure(lambda bar: read_as_json(measure_read(options.redis_address, options, bar)))
    _write_plot(options.svg, figures)
    return _report("read", figures, options)


def bench_ingest(options: IngestBenchOptions) -> int:
    """Run `thunder bench ingest`; the exit code. Raises ThunderError."""
    servers = (options.redis_address, options.brokers)
    return _report("ingest", _measure(lambda bar: ingest_as_json(measure_ingest(*servers, options, bar))), options)


def bench_memory(options: MemoryBenchOptions) -> int:
    """Run `thunder bench memory`; the exit code. Raises ThunderError."""
    figures = _measure(lambda bar: memory_as_json(measure_memory(options.redis_address, options, bar)))
    return _report("memory", figures, options)


def bench_freshness(options: FreshnessBenchOptions) -> int:
    """Run `thunder bench freshness`; the exit code. Raises ThunderError."""
    servers = (options.redis_address, options.brokers)
    figures = _measure(lambda bar: freshness_as_json(measure_freshness(*servers, options, bar)))
    return _report("freshness", figures, options)


def bench_latency(options: LatencyBenchOptions) -> int:
    """Run `thunder bench latency`; the exit code. Raises ThunderError."""
    servers = (options.redis_address, options.brokers)
    return _report("latency", _measure(lambda bar: latency_as_json(measure_latency(*servers, options, bar))), options)


def bench_all(options: AllBenchOptions) -> int:
    """Run every benchmark, and print its table as soon as it has ended; the exit code. Raises ThunderError."""
    url, brokers = options.redis_address, options.brokers
    measures: dict[str, Measure] = {
        "read": lambda bar: read_as_json(measure_read(url, options, bar)),
        "ingest": lambda bar: ingest_as_json(measure_ingest(url, brokers, options, bar)),
        "memory": lambda bar: memory_as_json(measure_memory(url, options, bar)),
        "freshness": lambda bar: freshness_as_json(measure_freshness(url, brokers, options, bar)),
        "latency": lambda bar: latency_as_json(measure_latency(url, brokers, options, bar)),
    }
    found: dict[str, Figures] = {}
    for name, measure in measures.items():
        found[name] = _measure(measure)
        if not options.as_json:
            show(name, found[name])
    _write_plot(options.svg, found["read"])
    if options.as_json:
        print(json.dumps(found), flush=True)
    return ExitCode.DONE


def _measure(measure: Measure) -> Figures:
    with progress_bar() as bar:
        return measure(bar)


def _report(name: str, figures: Figures, options: BenchOutputOptions) -> int:
    if options.as_json:
        print(json.dumps(figures), flush=True)
    else:
        show(name, figures)
    return ExitCode.DONE


def _write_plot(file: Path | None, figures: Figures) -> None:
    if file is None:
        return
    try:
        file.write_text(read_plot(figures["rows"]), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--svg: cannot write {file}: {error.strerror}") from error
