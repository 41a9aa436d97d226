"""Workflows are what GitHub understands, may do no more than they need, and release what the project says it is."""

import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.programs.go_tools import ACTIONLINT, GoTool

TOP = Path(__file__).parents[3]
FOLDER = TOP / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.iterdir()}
VERSION = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["version"]


def steps(workflow: str) -> Iterator[dict[str, Any]]:
    for job in WORKFLOWS[workflow]["jobs"].values():
        yield from job.get("steps", [])


def test_they_are_understood(built: Callable[[GoTool], Path]) -> None:
    command = [built(ACTIONLINT), "-color=false", *FOLDER.iterdir()]
    done = subprocess.run(command, cwd=TOP, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_they_may_read_and_what_more_they_may_stands_at_one_job(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] == {"contents": "read"}
    more = [name for name, job in WORKFLOWS[workflow]["jobs"].items() if "permissions" in job]
    assert more == (["release"] if workflow == "release" else [])


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_action_has_a_version_and_no_job_runs_for_ever(workflow: str) -> None:
    assert all("@v" in step["uses"] for step in steps(workflow) if "uses" in step)
    for job in WORKFLOWS[workflow]["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 90


def test_ci_runs_what_everybody_can_run() -> None:
    assert ".ci/run" in [step.get("run") for step in steps("ci")]


def test_a_release_is_one_version_everywhere() -> None:
    chart = yaml.safe_load((TOP / "helm" / "Chart.yaml").read_text())
    compose = yaml.safe_load((TOP / "compose.yaml").read_text())
    assert chart["appVersion"] == VERSION
    assert compose["x-thunder"]["image"] == f"thunder:{VERSION}"
    assert f"ARG VERSION={VERSION}\n" in (TOP / "Dockerfile").read_text()
