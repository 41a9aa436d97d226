"""The project's compose.yaml, checked and laid out by Compose's own code."""

import itertools
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from common.settings.kafka import TopicsSettings
from common.settings.types import Settings
from tests.tools.chart_schema import CHART_ROLES

CHECKOUT = Path(__file__).parents[3]
Service: TypeAlias = Mapping[str, Any]

_ROLES: Mapping[str, type[Settings]] = {**CHART_ROLES, "create": TopicsSettings}


def read_services(compose_spec: Path) -> dict[str, Service]:
    """The services by name, by the program of that name (see go_tools.py); fails at what Compose would refuse."""
    command = [compose_spec, "-format", "json", "compose.yaml"]
    done = subprocess.run(command, cwd=CHECKOUT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def is_ours(service: Service) -> bool:
    return service["image"].startswith("thunder:")


def model(service: Service) -> type[Settings]:
    """The settings of what a service of ours runs: the last word before the flags says it."""
    *_, role = itertools.takewhile(lambda word: not word.startswith("-"), service["command"])
    return _ROLES[role]


def flags(service: Service) -> list[str]:
    return list(itertools.dropwhile(lambda word: not word.startswith("-"), service["command"]))


def known_settings() -> list[type[Settings]]:
    """Of everything that a service of ours can run."""
    return list(_ROLES.values())
