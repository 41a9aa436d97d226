"""Every file of values renders: accepted by Helm 3 and 4 and, strictly, by three versions of Kubernetes."""

import subprocess
from pathlib import Path

import pytest

from tests.helm.kube_schemas import schema_location
from tests.support.chart import CHART, VALUE_FILES, manifests, render

pytestmark = pytest.mark.timeout(1800)  # the first run builds the tools

VERSIONS = ("1.29.0", "1.34.0", "1.37.0")
OF_OPERATORS = "ServiceMonitor,PodMonitor,PrometheusRule,ScaledObject"
"""Kinds that Kubernetes itself does not know; suites in helm/tests look at them."""

every_file = pytest.mark.parametrize("values", VALUE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


@pytest.mark.parametrize("kubernetes", VERSIONS)
def test_kubernetes_takes_what_is_rendered(helm: Path, kubeconform: Path, kubernetes: str, tmp_path: Path) -> None:
    for values in VALUE_FILES:
        (tmp_path / values.name).write_text(render(helm, "--values", values, kubernetes=kubernetes))
    options = ["-strict", "-summary", "-skip", OF_OPERATORS, "-kubernetes-version", kubernetes]
    done = subprocess.run(
        [kubeconform, *options, "-schema-location", schema_location(kubernetes), tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"in {len(VALUE_FILES)} files" in done.stdout


@every_file
def test_helm_3_renders_the_same(helm: Path, helm_3: Path, values: Path) -> None:
    assert manifests(helm_3, "--values", values) == manifests(helm, "--values", values)


@every_file
def test_helm_lint_is_clean(helm_version: Path, values: Path) -> None:
    done = subprocess.run(
        [helm_version, "lint", "--strict", CHART, "--values", values], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Fail:" not in done.stderr, "a refusal, which lint only reports"


def test_the_suites_of_the_chart_pass(helm_unittest: Path) -> None:
    done = subprocess.run([helm_unittest, "--strict", CHART], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
