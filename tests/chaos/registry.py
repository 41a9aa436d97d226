"""The names that --scenario takes, and what runs under them."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import NamedTuple

from tests.chaos import scenarios
from tests.chaos.run import Run
from tests.chaos.stage import MakeStore, cluster_of_six

Play = Callable[[Run], None]


class Scenario(NamedTuple):
    """A name for the command line, a line about it, what it does, and the Redis that it runs on."""

    name: str
    summary: str
    play: Play
    make_store: MakeStore


_scenarios: dict[str, Scenario] = {}


def scenario(name: str, summary: str, make_store: MakeStore = cluster_of_six) -> Callable[[Play], Play]:
    """Decorate a function of a Run, which then runs by that name: stage, load and readers are up when it is called.

    After it returns, the run waits for the end of the lag and checks the invariants; what it raises ends the run.
    """

    def register(play: Play) -> Play:
        assert name not in _scenarios, f"two scenarios have the name {name}"
        _scenarios[name] = Scenario(name, summary, play, make_store)
        return play

    return register


def all_scenarios() -> dict[str, Scenario]:
    """By name. Every module of tests.chaos.scenarios is imported for it."""
    importlib.import_module("tests.chaos.draw")
    for module in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"{scenarios.__name__}.{module.name}")
    return _scenarios
