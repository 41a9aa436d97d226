"""Looks into Redis for what a commit covers, as soon as that commit is known."""

import random
import time
from collections.abc import Sequence

from common.errors import StoreUnavailable
from common.post import LightPost
from common.store.client import StoreClient
from common.store.commands import NodeCommand, Reply, pack
from common.store.keys import KeySpace
from common.store.record import TOMBSTONE, record_field
from ingest.events import AuthorDelete, PostDelete
from tests.chaos.records.history import Commits, History, Produced, Unapplied

_MOST_AT_ONCE = 40
_TIMEOUT_SECONDS = 2.0


class AppliedCheck:
    """For one thread. Each event is looked for once, or not at all: a sample of those that a commit covers."""

    def __init__(self, url: str, history: History, drawn: random.Random) -> None:
        self._keys = KeySpace()
        self._client = StoreClient(url, self._keys.buckets, _TIMEOUT_SECONDS)
        self._history = history
        self._random = drawn
        self._seen = 0
        self._waiting: list[Produced] = []
        self._deleted_authors: set[int] = set()

    def look(self, commits: Commits) -> None:
        """Note what the store has no record of, though it is committed; nothing while Redis does not answer."""
        self._learn()
        covered = [each for each in self._waiting if each.offset < commits.offsets.get(each.partition, 0)]
        if not covered:
            return
        self._waiting = [each for each in self._waiting if each.offset >= commits.offsets.get(each.partition, 0)]
        sample = self._random.sample(covered, min(len(covered), _MOST_AT_ONCE))
        try:
            replies = self._client.run([self._read(each) for each in sample])
        except StoreUnavailable:
            return
        for event, reply in zip(sample, replies, strict=True):
            self._judge(event, reply, commits.at)

    def close(self) -> None:
        self._client.close()

    def _learn(self) -> None:
        """Creates of authors who were deleted are left out: their records go and come back."""
        new = self._history.produced[self._seen :]
        self._seen += len(new)
        self._deleted_authors |= {each.event.author_id for each in new if isinstance(each.event, AuthorDelete)}
        self._waiting += [each for each in new if isinstance(each.event, LightPost | PostDelete)]

    def _read(self, event: Produced) -> NodeCommand:
        assert isinstance(event.event, LightPost | PostDelete)
        key = self._keys.post(event.event.post_id)
        return NodeCommand(key.bucket, pack((b"HGET", key.hash, record_field(event.event.post_id))))

    def _judge(self, event: Produced, reply: Reply, committed_at: float) -> None:
        if isinstance(reply, Exception):
            return
        if isinstance(event.event, LightPost) and event.event.author_id in self._deleted_authors:
            return
        self._history.applied += 1
        if (missing := lacking(event, reply)) is not None:
            self._history.unapplied.append(Unapplied(committed_at, time.monotonic(), missing))


def lacking(event: Produced, record: object) -> str | None:
    """What is missing, where the record of the event's post is not what the event makes of it; None otherwise."""
    place = f"partition {event.partition} offset {event.offset}"
    if not isinstance(record, bytes):
        return f"no record of the post of {place}: {event.event}"
    if isinstance(event.event, PostDelete) and not record[0] & TOMBSTONE:
        return f"no tombstone of the delete of {place}: {event.event}"
    return None


def unexplained(found: Sequence[Unapplied], losses: Sequence[tuple[float, float]]) -> list[Unapplied]:
    """Those that were not found while Redis lost writes and they were repaired (begin and end)."""
    return [
        each
        for each in found
        if not any(began <= each.looked_at and each.committed_at <= ended for began, ended in losses)
    ]
