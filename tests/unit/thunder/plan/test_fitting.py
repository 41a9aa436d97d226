import json

import pytest

from common.errors import ConfigurationError
from thunder.plan.costs import MEASURED, Costs
from thunder.plan.fitting import costs_of_report, least_squares
from thunder.plan.reads import read_shape

KINDS = ((50, 1200), (200, 1200), (200, 100), (1000, 1200), (5000, 1200))


def report_of(costs: Costs, core: str = "native") -> dict[str, object]:
    """As `thunder bench all --json` would find these costs."""
    shapes = {kind: read_shape(*kind, 1, 50) for kind in KINDS}
    rows = [
        {
            "follows": follows,
            "max_results": results,
            "core": core,
            "server_ms": costs.server.of_request(shape) / 1000,
            "redis_ms": costs.redis.request_us(shape) / 1000,
        }
        for (follows, results), shape in shapes.items()
    ]
    memory = costs.memory
    return {
        "read": {"rows": rows, "floor_ms": 0.3},
        "ingest": {
            "events_per_cpu_second": {"protobuf": 1e6 / costs.worker.event_us, "thrift": 1.0},
            "redis_us_per_post": costs.redis.post_us,
        },
        "memory": {
            "bytes_per_post": {
                str(each): memory.post_bytes + memory.author_bytes / each + memory.hash_bytes / 60 for each in (50, 5)
            }
        },
    }


def flat(costs: Costs) -> list[float]:
    return [value for part in costs[:-1] for value in part]


def test_costs_of_a_report_are_found_again() -> None:
    found = costs_of_report(json.dumps(report_of(MEASURED)), "a report")
    assert flat(found) == pytest.approx(flat(MEASURED), rel=1e-3)
    assert found.origin == "a report"


def test_a_machine_of_half_the_speed_doubles_all_cpu() -> None:
    slow = MEASURED._replace(
        redis=MEASURED.redis._make(2 * us for us in MEASURED.redis),
        server=MEASURED.server._make(2 * us for us in MEASURED.server),
        worker=MEASURED.worker._make(2 * us for us in MEASURED.worker),
    )
    found = costs_of_report(json.dumps(report_of(slow)), "a report")
    assert flat(found) == pytest.approx(flat(slow), rel=1e-3)


def test_the_native_core_is_preferred() -> None:
    slow = MEASURED._replace(server=MEASURED.server._make(3 * us for us in MEASURED.server))
    report, other = report_of(MEASURED), report_of(slow, core="python")
    report["read"] = {"rows": [*other["read"]["rows"], *report["read"]["rows"]]}  # pyright: ignore[reportIndexIssue]
    assert flat(costs_of_report(json.dumps(report), "")) == pytest.approx(flat(MEASURED), rel=1e-3)


def test_a_part_that_is_missing_leaves_the_constants() -> None:
    report = report_of(MEASURED)
    del report["memory"], report["ingest"]
    found = costs_of_report(json.dumps(report), "")
    assert (found.memory, found.worker) == (MEASURED.memory, MEASURED.worker)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"read": {"rows": []}}', '{"memory": {"bytes_per_post": {"x": 1}}}', '{"ingest": {}}']
)
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="bench"):
        costs_of_report(text, "")


def test_no_factor_is_negative() -> None:
    rows = [(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]
    assert least_squares(rows, [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]) == (2.0, 0.0)
