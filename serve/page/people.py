"""Whom the page knows of. Pure."""

from typing import NamedTuple


class KnownViewer(NamedTuple):
    """Somebody with a follow list. name: None when it is not known."""

    id: int
    name: str | None
    follows: int


class Acquaintance(NamedTuple):
    """How many a viewer follows; who of some people is one of them; what they all are called, where known."""

    follows: int
    followed: frozenset[int]
    names: dict[int, str]
