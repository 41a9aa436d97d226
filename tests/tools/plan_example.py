"""Writes the worked example of `thunder plan` into docs/performance.md: python -m tests.tools.plan_example.

A test compares the file with what this module makes.
"""

from pathlib import Path

from thunder.plan.costs import MEASURED
from thunder.plan.demand import Demand
from thunder.plan.limits import plan_limits
from thunder.plan.output import plan_lines
from thunder.plan.sizing import fewest_stores, size_installation

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
_BEGIN = "<!-- plan: uv run python -m tests.tools.plan_example -->\n"
_END = "<!-- end of plan -->\n"


def example() -> str:
    """The command, and its output."""
    asked = Demand(6000, 500_000_000, 200, 300_000, 1200, 172_800, replicas=1)
    demand = asked._replace(stores=fewest_stores(asked, MEASURED))
    plan = size_installation(demand, MEASURED)
    command = (
        "$ thunder plan --posts-per-second 6000 --authors 500000000 --follows 200 --requests-per-second 300000 \\\n"
        "    --results 1200 --retention 48h --replicas 1"
    )
    return "\n".join([command, *plan_lines(demand, MEASURED, plan, plan_limits(demand, MEASURED, plan))])


def with_example(page: str) -> str:
    """The page with the example of today."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n```\n{example()}\n```\n\n{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_example(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
