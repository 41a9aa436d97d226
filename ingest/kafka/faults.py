"""Faults of Kafka as one consumer meets them: errors out of callbacks, causes that are logged once."""

from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


class CallbackErrors:
    """Keeps what callbacks raise until the loop asks: librdkafka's client does not carry it through faithfully."""

    def __init__(self) -> None:
        self._first: BaseException | None = None

    def kept(self, callback: Callable[P, object]) -> Callable[P, None]:
        """The callback, which raises nothing and keeps the first error of all."""

        def call(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                callback(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - any error: the loop raises it
                self._first = self._first or error

        return call

    def raise_first(self) -> None:
        """Raise the first error of a callback."""
        if self._first is not None:
            raise self._first


class Complaint:
    """Tells a cause that is new from one that was logged before."""

    def __init__(self) -> None:
        self._cause = ""

    def is_new(self, cause: str) -> bool:
        """Whether this cause is another than the one before."""
        known, self._cause = self._cause, cause
        return cause != known

    def ended(self) -> bool:
        """The fault is over. Returns whether there was one."""
        return self.is_new("")
