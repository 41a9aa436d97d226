"""Finds the costs in a report of `thunder bench`: those that explain its figures best, none of them negative.

What the report does not show on its one server of Redis (pipelines to further masters, script calls, marks) is taken
from the constants, at the speed of the machine that the report is of.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import median
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import ConfigurationError
from thunder.plan.costs import MEASURED, Costs, MemoryCosts, ServerCosts, WorkerCosts
from thunder.plan.reads import ReadShape, read_shape

_FEWEST_KINDS = 4
_POSTS_PER_HASH = 60
_LIST_LENGTH = 50
"""Posts of each author in the standard store of the benchmarks."""

_Figure = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Whole = Annotated[int, Field(gt=0)]


class _ReportPart(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _ReadRow(_ReportPart):
    follows: _Whole
    max_results: _Whole
    core: str
    server_ms: _Figure
    redis_ms: _Figure


class _ReadReport(_ReportPart):
    rows: list[_ReadRow] = Field(min_length=_FEWEST_KINDS)


class _IngestReport(_ReportPart):
    events_per_cpu_second: dict[str, _Figure]
    redis_us_per_post: _Figure


class _MemoryReport(_ReportPart):
    bytes_per_post: dict[int, _Figure]  # by the posts of each author


class BenchReport(_ReportPart):
    """The parts of a report that a plan can use; those that are missing leave the constants as they are."""

    read: _ReadReport | None = None
    ingest: _IngestReport | None = None
    memory: _MemoryReport | None = None


class ReadSample(NamedTuple):
    """Cost of a kind of request, in microseconds of CPU on one server of Redis."""

    shape: ReadShape
    server_us: float
    redis_us: float


def costs_of_report(text: str, origin: str, known: Costs = MEASURED) -> Costs:
    """The costs of the machine that a report of `thunder bench` is of. ConfigurationError."""
    try:
        report = BenchReport.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigurationError(
            f"bench: not a report of `thunder bench all --json`: {place}: {first['msg']}"
        ) from error
    if report.read is None and report.ingest is None and report.memory is None:
        raise ConfigurationError("bench: the report has none of read, ingest and memory: `thunder bench all --json`")
    costs = known._replace(origin=origin)
    if report.read:
        costs = with_reads(costs, samples_of(report.read.rows))
    if report.ingest:
        costs = _with_writes(costs, report.ingest)
    if report.memory:
        costs = costs._replace(memory=memory_of(costs.memory, report.memory.bytes_per_post))
    return costs


def samples_of(rows: Iterable[_ReadRow]) -> list[ReadSample]:
    """The rows of the core that the product uses: the native one where it was measured."""
    taken = list(rows)
    core = "native" if any(row.core == "native" for row in taken) else taken[0].core
    return [
        ReadSample(read_shape(row.follows, row.max_results, 1, _LIST_LENGTH), row.server_ms * 1000, row.redis_ms * 1000)
        for row in taken
        if row.core == core
    ]


def with_reads(costs: Costs, samples: Sequence[ReadSample], *, known_pipelines: bool = False) -> Costs:
    """The costs with those of requests that explain the samples best.

    known_pipelines: those of pipelines are of the machine of the samples.
    """
    shapes = [sample.shape for sample in samples]
    redis_us, server_us = [each.redis_us for each in samples], [each.server_us for each in samples]
    redis_speed = median(us / costs.redis.request_us(shape) for us, shape in zip(redis_us, shapes, strict=True))
    server_speed = median(us / costs.server.of_request(shape) for us, shape in zip(server_us, shapes, strict=True))
    pipeline = costs.redis.pipeline_us * (1.0 if known_pipelines else redis_speed)
    lists, entries, records = least_squares(
        [(shape.lists, shape.entries, shape.records) for shape in shapes],
        [max(0.0, us - pipeline * shape.pipelines) for us, shape in zip(redis_us, shapes, strict=True)],
        redis_us,
    )
    redis = costs.redis._replace(pipeline_us=pipeline, list_us=lists, entry_us=entries, record_us=records)
    pipeline = costs.server.pipeline_us * (1.0 if known_pipelines else server_speed)
    request, lists, entries, results = least_squares(
        [(1.0, shape.lists + shape.records, shape.entries, shape.results) for shape in shapes],
        [max(0.0, us - pipeline * shape.pipelines) for us, shape in zip(server_us, shapes, strict=True)],
        server_us,
    )
    return costs._replace(redis=redis, server=ServerCosts(request, pipeline, lists, entries, results))


def _with_writes(costs: Costs, report: _IngestReport) -> Costs:
    event_us = 1e6 / next(iter(report.events_per_cpu_second.values()))
    if "protobuf" in report.events_per_cpu_second:
        event_us = 1e6 / report.events_per_cpu_second["protobuf"]
    worker_speed = event_us / costs.worker.event_us
    worker = WorkerCosts(*(us * worker_speed for us in costs.worker))
    redis_speed = report.redis_us_per_post / costs.redis.post_us
    return costs._replace(
        worker=worker,
        redis=costs.redis._replace(
            post_us=report.redis_us_per_post,
            cluster_us=costs.redis.cluster_us * redis_speed,
            call_us=costs.redis.call_us * redis_speed,
            mark_us=costs.redis.mark_us * redis_speed,
        ),
    )


def memory_of(known: MemoryCosts, bytes_per_post: Mapping[int, float]) -> MemoryCosts:
    """Bytes of a post and of an author, from bytes per post at two numbers of posts per author or more."""
    if len(bytes_per_post) < 2:
        return known
    of_hashes = known.hash_bytes / _POSTS_PER_HASH
    post, author = least_squares(
        [(1.0, 1 / per_author) for per_author in bytes_per_post],
        [found - of_hashes for found in bytes_per_post.values()],
        list(bytes_per_post.values()),
    )
    return known._replace(post_bytes=post, author_bytes=author)


def least_squares(
    rows: Sequence[Sequence[float]], wanted: Sequence[float], scales: Sequence[float]
) -> tuple[float, ...]:
    """Factors, none negative, with which the rows come closest to what is wanted, each difference by its scale."""
    scaled = [[value / scale for value in row] for row, scale in zip(rows, scales, strict=True)]
    goals = [goal / scale for goal, scale in zip(wanted, scales, strict=True)]
    width = len(rows[0])
    best, least = (0.0,) * width, sum(goal * goal for goal in goals)
    for count in range(1, width + 1):
        for columns in combinations(range(width), count):
            found = _solve([[row[column] for column in columns] for row in scaled], goals)
            if found is None or min(found) < 0:
                continue
            factors = [0.0] * width
            for column, factor in zip(columns, found, strict=True):
                factors[column] = factor
            error = sum(
                (sum(f * v for f, v in zip(factors, row, strict=True)) - goal) ** 2
                for row, goal in zip(scaled, goals, strict=True)
            )
            if error < least:
                best, least = tuple(factors), error
    return best


def _solve(rows: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float] | None:
    """Factors with the least sum of squared differences, by the normal equations; None where several are as good."""
    width = len(rows[0])
    equations = [
        [sum(row[i] * row[j] for row in rows) for j in range(width)]
        + [sum(row[i] * goal for row, goal in zip(rows, wanted, strict=True))]
        for i in range(width)
    ]
    for column in range(width):
        pivot = max(range(column, width), key=lambda at: abs(equations[at][column]))
        equations[column], equations[pivot] = equations[pivot], equations[column]
        if abs(equations[column][column]) < 1e-12 * max(1.0, *map(abs, equations[column])):
            return None
        for at in range(width):
            if at != column:
                factor = equations[at][column] / equations[column][column]
                equations[at] = [x - factor * y for x, y in zip(equations[at], equations[column], strict=True)]
    return [equations[at][width] / equations[at][at] for at in range(width)]
