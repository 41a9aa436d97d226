"""Fixtures of the tests of what watches Thunder."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Not installed by the tests: the package would start a Prometheus of its own."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not on PATH; install the package prometheus")
    return Path(found)
