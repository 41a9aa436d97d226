"""Fixtures of the chart's tests: the tools, built when a test first asks (minutes the first time, see go_tools.py)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs.go_tools import HELM_3, HELM_4, HELM_UNITTEST, KUBECONFORM, GoTool


@pytest.fixture(scope="session")
def helm(built: Callable[[GoTool], Path]) -> Path:
    return built(HELM_4)


@pytest.fixture(scope="session")
def helm_3(built: Callable[[GoTool], Path]) -> Path:
    return built(HELM_3)


@pytest.fixture(params=["helm", "helm_3"])
def helm_version(request: pytest.FixtureRequest, helm: Path, helm_3: Path) -> Path:
    """Each Helm in turn."""
    return helm if request.param == "helm" else helm_3


@pytest.fixture(scope="session")
def helm_unittest(built: Callable[[GoTool], Path]) -> Path:
    return built(HELM_UNITTEST)


@pytest.fixture(scope="session")
def kubeconform(built: Callable[[GoTool], Path]) -> Path:
    return built(KUBECONFORM)
