from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.settings.loader import read_options
from thunder.cli.exit_codes import ExitCode
from thunder.cli.main import main
from thunder.demo.options import DemoOptions


def test_every_option_has_a_default() -> None:
    assert read_options(DemoOptions, []).model_dump() == {
        "events": None, "once": False, "as_json": False, "empty": False, "grpc_port": 0, "http_port": 0, "seed": 7,
        "kill": False, "redis": "single",
    }  # fmt: skip


def test_every_option_is_read() -> None:
    line = "--events f.jsonl --kill --redis cluster --json --grpc-port 1 --http-port 65535 --seed 3"

    assert read_options(DemoOptions, line.split()).model_dump() == {
        "events": Path("f.jsonl"), "once": False, "as_json": True, "empty": False,
        "grpc_port": 1, "http_port": 65535, "seed": 3, "kill": True, "redis": "cluster",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--empty --events f", "--empty cannot be combined with --events"),
        ("--empty --once", "--empty cannot be combined with --once"),
        ("--kill --once", "--kill needs a viewer to watch the recovery: not with --empty or --once"),
        ("--redis sentinel", "--redis: should be 'single' or 'cluster', not text of 8 characters"),
        ("--grpc-port 65536", "--grpc-port: should be less than or equal to 65535, not a 5-digit number"),
        ("--http-port -1", "--http-port: should be greater than or equal to 0, not a 1-digit number"),
        ("--grpc-port ²", "--grpc-port: should be a valid integer, not text of 1 characters"),
        ("--seed x", "--seed: should be a valid integer, not text of 1 characters"),
        ("--event f", "--event: no such flag; did you mean --events?"),
    ],
)
def test_contradictory_options_are_refused(line: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_options(DemoOptions, line.split())
    assert complaint in str(refused.value)


@pytest.mark.parametrize("line", ["--empty --once", "--seed x", "--event f"])
def test_wrong_usage_has_an_exit_code(line: str) -> None:
    assert main(["demo", *line.split()]) == ExitCode.WRONG_USAGE
