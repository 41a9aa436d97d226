"""The command `thunder plan`: reads a demand, prints the plan for people, as JSON or as values for the chart."""

import json
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from common.errors import ConfigurationError
from common.ids import IDS_PER_LIST
from common.settings.types import CommandOptions, Count, DefaultInWords, Span, Unit
from thunder.cli.exit_codes import ExitCode
from thunder.plan.costs import MEASURED, Costs
from thunder.plan.demand import Demand
from thunder.plan.fitting import costs_of_report
from thunder.plan.limits import plan_limits
from thunder.plan.output import plan_as_json, plan_lines, values_lines
from thunder.plan.sizing import fewest_stores, size_installation

_Rate = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
_LONGEST_RETENTION = 366 * 86_400


class DemandOptions(CommandOptions):
    """Demand"""

    posts_per_second: Annotated[
        _Rate, Field(description="posts per second, on average over the retention"), Unit("posts/s")
    ]
    authors: Annotated[Count, Field(le=10**12, description="number of authors who may post"), Unit("authors")]
    requests_per_second: Annotated[_Rate, Field(description="requests per second at the peak"), Unit("requests/s")]
    follows: Annotated[
        Count, Field(le=IDS_PER_LIST, description="number of followed authors in a request"), Unit("authors")
    ] = 200
    results: Annotated[Count, Field(le=12_000, description="number of posts in an answer"), Unit("posts")] = 1200
    retention: Annotated[
        int,
        Span,
        Field(ge=1, le=_LONGEST_RETENTION, description="post retention, such as 90m, 48h or 7d"),
        Unit("SPAN"),
        DefaultInWords("48h"),
    ] = 172_800
    replicas: Annotated[
        int, Field(ge=0, le=10, description="number of replicas of each Redis master"), Unit("replicas")
    ] = 1
    stores: Annotated[
        int | None,
        Field(
            ge=1,
            le=1000,
            description="number of whole stores side by side, each with every post, that share the requests",
        ),
        Unit("stores"),
        DefaultInWords("as few as need nearly the fewest machines"),
    ] = None


class CostOptions(CommandOptions):
    """Costs"""

    bench: Annotated[
        Path | None,
        Field(description="report of `thunder bench all --json`, measured on a machine like those of the plan"),
        Unit("FILE"),
        DefaultInWords("figures of a machine with two cores"),
    ] = None


class PlanOutputOptions(CommandOptions):
    """Output"""

    as_json: Annotated[bool, Field(alias="json", description="print the plan as one JSON object")] = False
    values: Annotated[bool, Field(description="print values for the Helm chart, in YAML")] = False

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if self.as_json and self.values:
            raise ValueError("json and values exclude each other")
        return self


class PlanOptions(PlanOutputOptions, CostOptions, DemandOptions):
    """thunder plan: sizes an installation."""


def run_plan(options: PlanOptions) -> int:
    """Print the plan; the exit code. ConfigurationError."""
    costs = _costs(options.bench) if options.bench else MEASURED
    demand = demand_of(options, costs)
    plan = size_installation(demand, costs)
    limits = plan_limits(demand, costs, plan)
    if options.as_json:
        print(json.dumps(plan_as_json(demand, costs, plan, limits)))
    else:
        lines = values_lines(demand, plan, limits) if options.values else plan_lines(demand, costs, plan, limits)
        print("\n".join(lines))
    return ExitCode.DONE


def demand_of(options: DemandOptions, costs: Costs) -> Demand:
    """The demand that the options describe, with a number of stores."""
    demand = Demand(
        options.posts_per_second,
        options.authors,
        options.follows,
        options.requests_per_second,
        options.results,
        options.retention,
        options.replicas,
    )
    return demand._replace(stores=options.stores or fewest_stores(demand, costs))


def _costs(path: Path) -> Costs:
    try:
        report = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"bench: {path} cannot be read: {error}") from error
    return costs_of_report(report, path.name)
