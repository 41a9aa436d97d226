"""The Dockerfile is one that BuildKit takes without a warning, and says what the chart and the project say."""

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.acceptance.containers.dockerfile import CHECKOUT, Stage, pairs, read_stages
from tests.acceptance.containers.plain_build import USER
from tests.support.programs.go_tools import READ_DOCKERFILE, GoTool

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def stages(built: Callable[[GoTool], Path]) -> list[Stage]:
    return read_stages(built(READ_DOCKERFILE))


@pytest.fixture
def last(stages: list[Stage]) -> Stage:
    return stages[-1]


def test_build_context_is_what_is_copied(stages: Sequence[Stage]) -> None:
    copied = {source for copy in stages[0].all("COPY") for source in copy["SourcePaths"]}
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert copied == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((CHECKOUT / source).exists() for source in copied)


def test_last_stage_copies_and_runs_nothing(stages: Sequence[Stage]) -> None:
    build, last = stages
    copy = last.only("COPY")
    assert (copy["From"], copy["SourcePaths"], copy["DestPath"]) == (build.name, ["${PREFIX}"], "${PREFIX}")
    assert not last.all("RUN")
    assert (build.base, last.base) == ("${BUILD_IMAGE}", "${PYTHON_IMAGE}")


def test_all_of_a_kind_is_pinned(stages: Sequence[Stage]) -> None:
    text = (CHECKOUT / "Dockerfile").read_text()
    python, build = (re.findall(f"^ARG {name}_IMAGE=(.*)$", text, re.MULTILINE) for name in ("PYTHON", "BUILD"))
    assert python[0].startswith("python:3.11."), "the version that the tests run on"
    assert build == [python[0].replace("-slim", "")], "programs of the prefix point to the Python of their image"
    assert len(python) == 1
    installs = [line for run in stages[0].all("RUN") for line in run["CmdLine"][0].split("&&") if " install " in line]
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_it_runs_as_the_chart_says(last: Stage) -> None:
    values = (CHECKOUT / "helm" / "values.yaml").read_text()
    pod = (CHECKOUT / "helm" / "templates" / "_pod.tpl").read_text()
    assert last.only("USER")["User"] == f"{USER}:{USER}"
    assert f"runAsUser: {USER}" in values
    assert last.only("ENTRYPOINT")["CmdLine"] == ["thunder"]
    assert "command: [thunder]" in pod
    assert last.only("STOPSIGNAL")["Signal"] == "SIGTERM"


def test_its_labels_are_those_of_the_project(last: Stage) -> None:
    labels = {name.rpartition(".")[2]: value for name, value in pairs(last.only("LABEL")["Labels"]).items()}
    arguments = {name: value for each in last.all("ARG") for name, value in pairs(each["Args"]).items()}
    assert labels["licenses"] == PROJECT["project"]["license"]
    assert labels["version"] == "${VERSION}"
    assert arguments["VERSION"] == PROJECT["project"]["version"]


def test_the_tools_that_build_it_are_those_of_the_project() -> None:
    backend = PROJECT["build-system"]["requires"]
    assert backend == [line for line in PROJECT["dependency-groups"]["image"] if line in backend]
    assert backend == PROJECT["dependency-groups"]["build"]
