"""Workflows are what GitHub understands, may do no more than they need, and release what the project says it is."""

import json
import re
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
HOME = "https://thunder.example"
"""Stands for the address of the project, which is not known in a checkout."""

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
    assert more == (["release", "chart"] if workflow == "release" else [])


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_action_is_pinned_by_hash_and_no_job_runs_for_ever(workflow: str) -> None:
    lines = [line for line in (FOLDER / f"{workflow}.yml").read_text().splitlines() if "- uses:" in line]
    assert all(re.fullmatch(r" +- uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in lines)
    assert len(lines) == sum("uses" in step for step in steps(workflow))
    for job in WORKFLOWS[workflow]["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 90


def test_ci_runs_what_everybody_can_run() -> None:
    assert ".ci/run" in [step.get("run") for step in steps("ci")]


def test_a_release_makes_what_the_page_of_deployment_installs() -> None:
    """And puts the address of its repository where a checkout has none."""
    runs = "\n".join(step.get("run", "") for step in steps("release"))
    assert "--all-packages --wheel" in runs
    assert "cibuildwheel" in runs
    assert "helm package helm" in runs
    assert "npm pack ./clients/node" in runs
    assert 'helm push thunder-[0-9]*.tgz "oci://' in runs
    assert "sha256sum -- * > SHA256SUMS" in runs
    assert f"s#{HOME}#$GITHUB_SERVER_URL/$GITHUB_REPOSITORY#" in runs


def test_a_release_is_built_from_digests_and_says_where_it_comes_from() -> None:
    (image,) = [step["run"] for step in steps("release") if "docker build" in step.get("run", "")]
    names = re.findall(r"^FROM \$\{(\w+)\}", (TOP / "Dockerfile").read_text(), re.MULTILINE)
    assert f"for name in {' '.join(sorted(set(names), reverse=True))}; do" in image
    assert "RepoDigests" in image
    assert '"${images[@]}"' in image
    (attested,) = [step for step in steps("release") if step.get("uses", "").startswith("actions/attest-")]
    assert attested["with"] == {"subject-path": "dist/*"}
    order = [step.get("name") or step.get("uses", "").partition("@")[0] for step in steps("release")]
    assert order.index("Checksums") < order.index("actions/attest-build-provenance") < order.index("Draft")
    permissions = WORKFLOWS["release"]["jobs"]["release"]["permissions"]
    assert permissions == {"contents": "write", "id-token": "write", "attestations": "write"}


def test_a_release_has_wheels_for_each_platform_and_one_for_all_others() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert {name.partition("-")[0] for name in jobs["wheels"]["strategy"]["matrix"]["runner"]} == {"ubuntu", "macos"}
    assert jobs["release"]["needs"] == "wheels"
    pure = [step for step in steps("release") if "--all-packages --wheel" in step.get("run", "")]
    assert [step["env"] for step in pure] == [{"HATCH_BUILD_NO_HOOKS": "true"}]
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    wheels = project["tool"]["cibuildwheel"]
    assert wheels["environment"] == {"THUNDER_BUILD_NATIVE": "required"}
    versions = [line.rpartition(" ")[2] for line in project["project"]["classifiers"] if ":: 3." in line]
    assert wheels["build"] == [f"cp{version.replace('.', '')}-*" for version in versions]


@pytest.mark.parametrize("project", ["pyproject.toml", "clients/python/pyproject.toml"])
def test_wheels_name_the_home_of_the_project(project: str) -> None:
    urls: dict[str, str] = tomllib.loads((TOP / project).read_text())["project"]["urls"]
    assert urls.keys() == {"Homepage", "Documentation", "Changelog", "Issues"}
    assert all(url.startswith(HOME) for url in urls.values())


def test_a_release_is_one_version_everywhere() -> None:
    chart = yaml.safe_load((TOP / "helm" / "Chart.yaml").read_text())
    compose = yaml.safe_load((TOP / "compose.yaml").read_text())
    clients = TOP / "clients"
    client = tomllib.loads((clients / "python" / "pyproject.toml").read_text())["project"]
    package = json.loads((clients / "node" / "package.json").read_text())
    assert chart["appVersion"] == VERSION == client["version"] == package["version"]
    assert f"client@v{VERSION} " in (clients / "go" / "README.md").read_text()
    assert compose["x-thunder"]["image"] == f"thunder:{VERSION}"
    assert f"ARG VERSION={VERSION}\n" in (TOP / "Dockerfile").read_text()
