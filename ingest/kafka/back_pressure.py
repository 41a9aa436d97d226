"""Back pressure: while the sink cannot take a batch, the worker pauses, holds it, resumes. It stays in its group."""

import logging
from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from common.errors import ClockDisagrees, KafkaUnavailable, StoreUnavailable
from common.timing import Backoff
from ingest.batch import Message
from ingest.kafka.assignment import AssignmentChanges

_log = logging.getLogger("thunder.ingest")


class Pausable(Protocol):
    """The part of a consumer that back pressure needs."""

    def pause(self) -> None:
        """Receive nothing until resume."""
        ...

    def idle(self, seconds: float) -> None:
        """Stay in the group for this time, receiving nothing."""
        ...

    def take_changes(self) -> AssignmentChanges:
        """Partitions that came and went since the last call."""
        ...

    def resume(self) -> None:
        """Receive again."""
        ...


H = TypeVar("H", bound="Held")


class Held(Protocol):
    """A batch, decoded or not."""

    @property
    def messages(self) -> list[Message]:
        """The messages that are held."""
        ...

    def without(self: H, partitions: Collection[int]) -> H:
        """The batch less the messages of these partitions."""
        ...


class BackPressure:
    """Delivers one batch at a time, for as long as that takes."""

    def __init__(
        self,
        consumer: Pausable,
        backoff: Backoff,
        should_stop: Callable[[], bool],
        on_changes: Callable[[AssignmentChanges], None],
        on_hold: Callable[[bool], None],
    ) -> None:
        """on_changes is called with changes of the assignment, on_hold with whether a batch is held from now on."""
        self._consumer = consumer
        self._backoff = backoff
        self._should_stop = should_stop
        self._on_changes = on_changes
        self._on_hold = on_hold
        self._holding = False
        self._is_logged = True

    def deliver(self, batch: H, write: Callable[[H], None]) -> H | None:
        """Write the batch until it succeeds, less the messages of partitions that are lost meanwhile.

        Returns the part that was written and still belongs to this member; None when the stop was set before. Blocks.
        """
        attempt = 0
        while True:
            try:
                write(batch)
            except (StoreUnavailable, KafkaUnavailable, ClockDisagrees) as reason:
                self._hold(batch, reason)
                batch = batch.without(self._wait(attempt))
                attempt += 1
            else:
                self._release()
                return batch
            if self._should_stop():
                return None

    def _hold(self, batch: Held, reason: Exception) -> None:
        if self._holding:
            return
        self._holding = True
        self._consumer.pause()
        self._on_hold(True)
        self._is_logged = not isinstance(reason, ClockDisagrees)  # which is logged once a process
        if self._is_logged:
            _log.warning("Paused, holding a batch of %d messages: %s", len(batch.messages), reason)

    def _wait(self, attempt: int) -> frozenset[int]:
        self._consumer.idle(self._backoff.delay(attempt))
        changes = self._consumer.take_changes()
        self._on_changes(changes)
        return changes.lost

    def _release(self) -> None:
        if not self._holding:
            return
        if self._is_logged:
            _log.info("Resumed: the held batch is written")
        self._holding = False
        self._consumer.resume()
        self._on_hold(False)
