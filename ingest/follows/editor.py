"""Reads and edits the follow list of a viewer in Redis, through the writer that Kafka's events go through."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from common.store.client import StoreClient, failures
from common.store.commands import NodeCommand, Reply, read_follows, read_target_removals
from common.store.keys import KeySpace, ViewerKeys
from common.store.layout import check_eviction, check_layout, initialise_layout
from common.store.scripts import FOLLOW_BOUNDS
from common.timing import Clock, system_clock
from ingest.events import Follow
from ingest.write.follow_writer import FollowWriter


class Edit(NamedTuple):
    """Result of an edit: entries now, added, removed, and dropped because of the cap of a list."""

    follows: int
    added: int
    removed: int
    given_up: int


class FollowListEditor:
    """The lists of a store. Changes are visible at once. All calls block and may raise StoreUnavailable."""

    def __init__(
        self, store_client: StoreClient, keys: KeySpace, retention_seconds: int, clock: Clock = system_clock
    ) -> None:
        """retention_seconds: of posts, to initialise an empty store. StoreMismatch for a store of another layout."""
        for node in store_client.node_clients():
            check_eviction(node)
        meta = store_client.meta_client()
        if check_layout(meta, keys) is None:
            initialise_layout(meta, keys, retention_seconds)
        self._store_client = store_client
        self._keys = keys
        self._clock = clock
        self._writer = FollowWriter(store_client, keys)

    def following(self, viewer_id: int) -> dict[int, int]:
        """Followed ids, each with the time of the follow (Unix seconds), the newest first."""
        flat: list[bytes] = self._ask(viewer_id, read_follows)
        return {int(target): int(at) for target, at in zip(flat[::2], flat[1::2], strict=True)}

    def viewers(self, most: int) -> list[int]:
        """Ids of some viewers with a follow list."""
        return self._store_client.viewer_ids(most)

    def write(self, follows: Sequence[Follow]) -> int:
        """Apply events of any viewers. Returns the number of follows dropped because of the cap."""
        return self._writer.apply(follows, self._clock())

    def replace(self, viewer_id: int, targets: Iterable[int]) -> Edit:
        """Replace the list by these targets, up to the cap; those that stay keep the time of the follow.

        Up to a thousand changes become visible at once, more in steps.
        """
        distinct = dict.fromkeys(targets)
        wanted = dict.fromkeys(islice(distinct, FOLLOW_BOUNDS.cap))
        before = self.following(viewer_id)
        removals = self._removals(viewer_id, [target for target in before if target not in wanted], before)
        additions = self._additions(viewer_id, [target for target in wanted if target not in before])
        return self._edit(viewer_id, before, removals + additions, left_out=len(distinct) - len(wanted))

    def add(self, viewer_id: int, targets: Iterable[int]) -> Edit:
        """Follow these too, from now on; those that are followed keep the time of the follow."""
        before = self.following(viewer_id)
        new = [target for target in dict.fromkeys(targets) if target not in before]
        return self._edit(viewer_id, before, self._additions(viewer_id, new))

    def remove(self, viewer_id: int, targets: Iterable[int]) -> Edit:
        """Unfollow these targets, in spite of any earlier follow event."""
        before = self.following(viewer_id)
        return self._edit(viewer_id, before, self._removals(viewer_id, dict.fromkeys(targets), before))

    def _edit(self, viewer_id: int, before: Collection[int], events: Sequence[Follow], left_out: int = 0) -> Edit:
        given_up = self.write(events)
        now = self.following(viewer_id)
        removed = sum(event.removed and event.target_id in before for event in events)
        return Edit(len(now), sum(not event.removed for event in events), removed, given_up + left_out)

    def _additions(self, viewer_id: int, targets: Sequence[int]) -> list[Follow]:
        """Follows that outlive all removals until now, also those of this second."""
        if not targets:
            return []
        now = self._clock()
        removed: list[bytes | None] = self._ask(viewer_id, lambda viewer: read_target_removals(viewer, targets))
        return [
            Follow(viewer_id, target, 0, max(now, int(at or 0) + 1))
            for target, at in zip(targets, removed, strict=True)
        ]

    def _removals(self, viewer_id: int, targets: Iterable[int], since: Mapping[int, int]) -> list[Follow]:
        """Removals that end all follows until now, also those dated a little ahead."""
        now = self._clock()
        return [Follow(viewer_id, target, 0, max(now, since.get(target, 0)), removed=True) for target in targets]

    def _ask(self, viewer_id: int, command: Callable[[ViewerKeys], bytes]) -> Reply:
        viewer = self._keys.viewer(viewer_id)
        (reply,) = replies = self._store_client.run([NodeCommand(viewer.bucket, command(viewer))])
        if failed := failures(replies):
            raise failed[0]
        return reply
