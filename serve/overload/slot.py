"""The part of the capacity that an admitted request holds, known to the code that works for it.

It grows with what is read, and it is held until Redis has answered: also when the caller has left, or has been answered
in part because the deadline came first. So a caller has no more work in progress than was admitted.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

from serve.overload.admission import Admission, Ticket
from serve.rejection import Rejected


class Slot:
    """Held from admission to end(). For one event loop."""

    def __init__(self, admission: Admission, ticket: Ticket) -> None:
        self._admission = admission
        self._ticket = ticket
        self._bytes_read = 0
        self._late: set[asyncio.Task[object]] = set()
        self._has_ended = False

    def grow(self, wire_bytes: int) -> None:
        """Count bytes that are about to be read from Redis. Rejected when more are read than there is room for."""
        self._bytes_read += wire_bytes
        cost = self._ticket.cost
        if self._bytes_read > cost.bytes:
            rejection = self._admission.reassess(self._ticket, cost._replace(bytes=self._bytes_read))
            if rejection:
                raise Rejected(rejection)

    def hold_until(self, replies: Coroutine[Any, Any, object]) -> None:
        """Hold the slot until this is done, too: replies that came too late for the answer."""
        task = asyncio.get_running_loop().create_task(replies)
        self._late.add(task)
        task.add_done_callback(self._arrived)

    def end(self) -> None:
        """Note that the request is answered; the slot is free once no replies are due."""
        self._has_ended = True
        self._release_if_over()

    def _arrived(self, task: asyncio.Task[object]) -> None:
        self._late.discard(task)
        self._release_if_over()

    def _release_if_over(self) -> None:
        if self._has_ended and not self._late:
            self._admission.release(self._ticket)


current_slot: ContextVar[Slot | None] = ContextVar("current_slot", default=None)
"""The slot of the request that this code works for; None when it works for none, such as for readiness."""
