"""Reads go through every core that is installed."""

import pytest

from serve.timeline.cores import ChosenCore
from tests.unit.serve.memory_fetcher import CORES


@pytest.fixture(scope="session", params=CORES, ids=lambda core: core.name)
def core(request: pytest.FixtureRequest) -> ChosenCore:
    return request.param
