"""Reads viewers, names and worker statuses from Redis for the page. Everything blocks."""

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from common.errors import StoreUnavailable
from common.settings.serve import ServeSettings
from common.store.client import StoreClient, failures
from common.store.commands import NodeCommand, Reply, pack
from common.store.display_names import read_names
from common.store.keys import ViewerKeys
from common.store.worker_status import WorkerStatus, read_worker_statuses


class KnownViewer(NamedTuple):
    """A viewer with a follow list. name: None when it is not known."""

    id: int
    name: str | None
    follows: int


class ViewerFollows(NamedTuple):
    """The number of a viewer's follows; which of some people are among them; and names, where known."""

    follows: int
    followed: frozenset[int]
    names: dict[int, str]


MOST_VIEWERS = 500


class PageStore:
    """Redis, read with these settings, for any thread: one reads at a time.

    Has connections of its own, beside those of serving: a slow page must not delay a request or a readiness check.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._keys = settings.key_space
        url, timeout = settings.redis_address, settings.redis_timeout_ms / 1000
        self._store_client = StoreClient(url, self._keys.buckets, timeout)
        self._reading = Lock()
        self._is_closed = False

    def viewers(self) -> list[KnownViewer]:
        """Viewers with a follow list, by name, those without a name last; MOST_VIEWERS at most. StoreUnavailable."""
        with self._exclusive():
            ids = self._store_client.viewer_ids(MOST_VIEWERS)
            counts = self._run((keys, (b"ZCARD", keys.follows)) for keys in map(self._keys.viewer, ids))
            names = read_names(self._store_client.meta_client(), ids)
        known = [KnownViewer(id_, names.get(id_), count) for id_, count in zip(ids, counts, strict=True)]
        return sorted(known, key=lambda viewer: (viewer.name is None, viewer.name or "", viewer.id))

    def follows_of(self, viewer: int, people: Collection[int]) -> ViewerFollows:
        """Follows and names of a viewer with regard to these people, at least one. StoreUnavailable."""
        keys = self._keys.viewer(viewer)
        asked = (b"ZMSCORE", keys.follows, *(b"%d" % person for person in people))
        with self._exclusive():
            count, scores = self._run([(keys, (b"ZCARD", keys.follows)), (keys, asked)])
            names = read_names(self._store_client.meta_client(), (viewer, *people))
        followed = (person for person, score in zip(people, scores, strict=True) if score is not None)
        return ViewerFollows(count, frozenset(followed), names)

    def workers(self) -> dict[str, WorkerStatus]:
        """Statuses of ingest workers, old ones too. StoreUnavailable."""
        with self._exclusive():
            return read_worker_statuses(self._store_client.meta_client())

    def close(self) -> None:
        """Close all connections after the read in progress; reads that wait for it fail."""
        self._is_closed = True
        with self._reading:
            self._store_client.close()

    @contextmanager
    def _exclusive(self) -> Generator[None]:
        with self._reading, self._store_client.refreshing_topology():
            if self._is_closed:
                raise StoreUnavailable("the page is no longer shown")
            yield

    def _run(self, commands: Iterable[tuple[ViewerKeys, tuple[bytes, ...]]]) -> list[Reply]:
        """Replies to commands on viewers' keys. StoreUnavailable when one is missing."""
        replies = self._store_client.run([NodeCommand(keys.bucket, pack(words)) for keys, words in commands])
        if failed := failures(replies):
            raise failed[0]
        return replies
