"""Chooses the read core of a process: the native one where it was compiled, else the one in Python. Pure."""

from enum import StrEnum
from typing import NamedTuple

from common.errors import ConfigurationError
from serve.native import NATIVE, NativeCore
from serve.query import Query
from serve.timeline.python_core import PythonCore
from serve.timeline.read_core import ReadCore
from serve.timeline.timeline import CoreFactory


class CoreName(StrEnum):
    """Language of the core that answers. A closed set: it labels a metric."""

    NATIVE = "native"
    PYTHON = "python"


class ChosenCore(NamedTuple):
    """The core of a process, and how it is made for a request."""

    name: CoreName
    make: CoreFactory

    @property
    def takes_bytes(self) -> bool:
        """Whether its replies are wanted as the bytes that Redis sent: pages behind a place take them parsed."""
        return self.name is CoreName.NATIVE


def chosen_core(wanted: str) -> ChosenCore:
    """The core that a server shall have: auto, native or python. ConfigurationError when there is none such."""
    if wanted == CoreName.NATIVE and not NATIVE:
        raise ConfigurationError(
            "read_core: there is no native core, because the product was installed without a C compiler; "
            "install it again where there is one, or leave the choice to auto"
        )
    if wanted == CoreName.PYTHON or not NATIVE:
        return ChosenCore(CoreName.PYTHON, PythonCore)
    return ChosenCore(CoreName.NATIVE, _native_core)


def _native_core(query: Query, now: int, oldest: int, max_bytes: int) -> ReadCore:
    make = NativeCore if query.before is None else PythonCore
    return make(query, now, oldest, max_bytes)
