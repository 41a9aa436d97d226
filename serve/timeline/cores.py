"""Chooses the read core of a process: the native one where it was compiled, else the one in Python. Pure."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from common.errors import ConfigurationError
from common.native import Language
from serve.native import NATIVE, CommonRequest, NativeCore
from serve.query import Query
from serve.request import RequestLimits
from serve.timeline.python_core import PythonCore
from serve.timeline.read_core import ReadCore


class CoreFactory(Protocol):
    """Makes the core of a request."""

    def __call__(self, query: Query | CommonRequest, now: int, oldest: int, max_bytes: int) -> ReadCore:
        """now, and created_at of the oldest post that the retention keeps, in Unix seconds."""
        ...


class ChosenCore(NamedTuple):
    """The core of a process: how it is made for a request, and how it decodes those of the common form.

    decode: gives None for a request of another form, or an invalid one.
    """

    name: Language
    make: CoreFactory
    decode: Callable[[bytes, RequestLimits], CommonRequest | None]

    @property
    def takes_bytes(self) -> bool:
        """Whether its replies are wanted as the bytes that Redis sent: pages behind a place take them parsed."""
        return self.name is Language.NATIVE


def chosen_core(wanted: str) -> ChosenCore:
    """The core that a server shall have: auto, native or python. ConfigurationError when there is none such."""
    if wanted == Language.NATIVE and not NATIVE:
        raise ConfigurationError(
            "read_core: there is no native core, because the product was installed without a C compiler; "
            "install it again where there is one, or leave the choice to auto"
        )
    return PYTHON_CORE if wanted == Language.PYTHON or not NATIVE else _NATIVE_CORE


def _python_core(query: Query | CommonRequest, now: int, oldest: int, max_bytes: int) -> ReadCore:
    assert isinstance(query, Query)  # noqa: S101 (no other is made without the native core)
    return PythonCore(query, now, oldest, max_bytes)


def _native_core(query: Query | CommonRequest, now: int, oldest: int, max_bytes: int) -> ReadCore:
    if isinstance(query, Query) and query.before is not None:  # rare, so it is not in C
        return PythonCore(query, now, oldest, max_bytes)
    return NativeCore(query, now, oldest, max_bytes)


def _decoded_natively(payload: bytes, limits: RequestLimits) -> CommonRequest | None:
    return CommonRequest.parse(payload, limits)


def _decoded_never(payload: bytes, limits: RequestLimits) -> CommonRequest | None:
    """All go through protobuf."""


PYTHON_CORE = ChosenCore(Language.PYTHON, _python_core, _decoded_never)
_NATIVE_CORE = ChosenCore(Language.NATIVE, _native_core, _decoded_natively)
