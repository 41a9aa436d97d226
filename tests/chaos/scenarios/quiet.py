"""No fault at all."""

from tests.chaos.registry import scenario
from tests.chaos.run import Run


@scenario("quiet", "no fault: load and readers alone")
def quiet(run: Run) -> None:
    run.hold(10)
