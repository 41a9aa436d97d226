"""Writes follow lists to Redis: one script call per viewer, one pipeline per node."""

from collections.abc import Iterator, Sequence

from common.store.client import StoreClient, failures
from common.store.commands import NodeCommand
from common.store.keys import KeySpace
from common.store.scripts import FOLLOW_BOUNDS, FollowBounds, FollowChange, apply_follows
from ingest.events import Follow

_EVENTS_PER_CALL = 250
"""Redis answers no other client during a call: this keeps it to a few milliseconds."""


class FollowWriter:
    """A sink of follows. Writing the same events again, or in another order, changes nothing. One thread at a time.

    That holds for events of which the removal is younger than the bounds say, and for lists below their cap.
    """

    def __init__(self, store_client: StoreClient, keys: KeySpace, bounds: FollowBounds = FOLLOW_BOUNDS) -> None:
        self._store_client = store_client
        self._keys = keys
        self._bounds = bounds

    def write(self, events: Sequence[Follow], now: int) -> None:
        """Apply the events; returns when all are in the store."""
        self.apply(events, now)

    def apply(self, events: Sequence[Follow], now: int) -> int:
        """Return when all events are in the store. now in Unix seconds. Blocks.

        Returns the number of follows dropped because of the cap. StoreUnavailable when some events are not in the
        store: those of healthy shards may be. The same call may be repeated.
        """
        replies = self._store_client.run([*self._commands(events, now)])
        if failed := failures(replies):
            raise failed[0]
        return sum(replies)

    def _commands(self, events: Sequence[Follow], now: int) -> Iterator[NodeCommand]:
        of_viewers: dict[int, list[FollowChange]] = {}
        for viewer_id, target_id, follow_id, at, removed in events:
            of_viewers.setdefault(viewer_id, []).append(FollowChange(target_id, follow_id, at, removed))
        for viewer_id, changes in of_viewers.items():
            viewer = self._keys.viewer(viewer_id)
            for first in range(0, len(changes), _EVENTS_PER_CALL):
                call = apply_follows(viewer, changes[first : first + _EVENTS_PER_CALL], self._bounds, now)
                yield NodeCommand(viewer.bucket, call)
