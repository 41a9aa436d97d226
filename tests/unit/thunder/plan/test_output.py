import json
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft7Validator

from thunder.cli.main import main
from thunder.plan.output import step_lines
from thunder.plan.steps import Step, in_bytes, in_time

TOP = Path(__file__).parents[4]
FLAGS = ("--posts-per-second", "--authors", "--follows", "--requests-per-second", "--results", "--retention")
NUMBERS = {
    "small": ("1", "1000", "50", "10", "100", "1h"),
    "sizing page": ("231.5", "20000000", "200", "2000", "1200", "48h"),
    "worked example": ("6000", "500000000", "200", "300000", "1200", "48h"),
    "too large": ("100000", "9000000000", "10000", "1000000", "12000", "30d"),
}
of_each_size = pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)


def planned(capsys: pytest.CaptureFixture[str], numbers: tuple[str, ...], *more: str) -> str:
    words = [word for pair in zip(FLAGS, numbers, strict=True) for word in pair]
    assert main(["plan", *words, "--replicas", "1", *more]) == 0
    return capsys.readouterr().out


@of_each_size
def test_values_are_those_of_the_chart(capsys: pytest.CaptureFixture[str], numbers: tuple[str, ...]) -> None:
    values = yaml.safe_load(planned(capsys, numbers, "--values"))
    defaults: dict[str, Any] = yaml.safe_load((TOP / "helm" / "values.yaml").read_text())
    schema = json.loads((TOP / "helm" / "values.schema.json").read_text())
    Draft7Validator(schema).validate(merged(defaults, values))
    assert values["ingest"]["replicas"] <= values["settings"]["kafka_tweet_events_v2_num_partitions"]


def merged(defaults: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The values that Helm makes of both."""
    return defaults | {
        name: merged(defaults.get(name, {}), cast("dict[str, Any]", change)) if isinstance(change, dict) else change
        for name, change in changes.items()
    }


@of_each_size
def test_json_holds_the_plan_and_its_arithmetic(capsys: pytest.CaptureFixture[str], numbers: tuple[str, ...]) -> None:
    plan = json.loads(planned(capsys, numbers, "--json"))
    assert len(plan["slots"]) == plan["masters"]
    assert plan["total"]["servers"] == plan["stores"] * plan["servers"]
    assert plan["breaks_first"][0]["remedy"]
    assert {step["name"] for step in plan["arithmetic"]} > {"posts stored", "masters of a store", "disk of Kafka"}


@of_each_size
def test_text_shows_each_line_and_what_breaks(capsys: pytest.CaptureFixture[str], numbers: tuple[str, ...]) -> None:
    text = planned(capsys, numbers)
    for name in ("posts stored", "memory of Redis", "author_buckets", "partitions", "network of a server"):
        assert f"\n{name} " in text
    assert "What breaks first:" in text
    assert max(map(len, text.splitlines())) <= 260


def test_report_of_the_benchmark_gives_the_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "bench.json"
    report.write_text('{"memory": {"bytes_per_post": {"50": 200, "5": 300}}}')
    plan = json.loads(planned(capsys, NUMBERS["small"], "--json", "--bench", str(report)))
    assert plan["costs"]["memory"]["author_bytes"] == pytest.approx(100 / (1 / 5 - 1 / 50))


def test_report_that_is_missing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for pair in zip(FLAGS, NUMBERS["small"], strict=True) for word in pair]
    assert main(["plan", *words, "--bench", str(tmp_path / "none.json")]) == 2
    assert "thunder plan: bench: " in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--authors=0", "--results=12001", "--follows=10001", "--retention=2w", "--values"])
def test_wrong_options_are_refused(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for pair in zip(FLAGS, NUMBERS["small"], strict=True) for word in pair]
    assert main(["plan", *words, "--json", flag]) == 2
    assert capsys.readouterr().err


def test_steps_are_aligned() -> None:
    lines = step_lines([Step("a", "1 + 1", "2"), Step("longer", "x " * 100, "10,000")])
    assert len({line.rindex(" = ") for line in lines if " = " in line}) == 1


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (850, "850 B"), (1500, "1.5 kB"), (5.8e9, "5.8 GB"), (3e12, "3.0 TB"), (4e15, "4,000 TB")],
)
def test_bytes_have_a_unit(number: float, text: str) -> None:
    assert in_bytes(number) == text


@pytest.mark.parametrize(("us", "text"), [(16.54, "16.5 us"), (1300, "1.30 ms")])
def test_times_have_a_unit(us: float, text: str) -> None:
    assert in_time(us) == text
