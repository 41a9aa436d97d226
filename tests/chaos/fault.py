"""A fault under its name, and how it is found."""

import importlib
import pkgutil
from collections.abc import Callable, Generator
from typing import NamedTuple

from tests.chaos import faults
from tests.chaos.run import Run

Inject = Callable[[Run], Generator[None, None, str]]


class Fault(NamedTuple):
    """number: of reliability's table, e.g. F3. hold: seconds between inject and heal, drawn between the two.

    limit: seconds that the recovery may take. long: for runs of a quarter of an hour or more.
    """

    number: str
    name: str
    summary: str
    inject: Inject
    hold: tuple[float, float]
    limit: float
    long: bool


_faults: dict[str, Fault] = {}


def fault(
    number: str,
    name: str,
    summary: str,
    *,
    hold: tuple[float, float] = (2, 6),
    limit: float = 30,
    long: bool = False,
) -> Callable[[Inject], Inject]:
    """Decorate a generator of a Run: it injects, yields once, heals, and returns what showed that it happened."""

    def register(inject: Inject) -> Inject:
        assert name not in _faults, f"two faults have the name {name}"
        _faults[name] = Fault(number, name, summary, inject, hold, limit, long)
        return inject

    return register


def all_faults() -> dict[str, Fault]:
    """By name, in the order of their numbers. Every module of tests.chaos.faults is imported for it."""
    for module in pkgutil.iter_modules(faults.__path__):
        importlib.import_module(f"{faults.__name__}.{module.name}")
    return dict(sorted(_faults.items(), key=lambda item: int(item[1].number[1:])))
