"""What the page reads from Redis beside timelines: who there is, and how ingest does."""

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from threading import Lock
from typing import cast

import redis

from common.errors import StoreUnavailable
from common.keys import FOLLOWS_PATTERN, ViewerKeys, viewer_of
from common.names import read_names
from common.redis_errors import redis_must_answer
from common.resp import pack
from common.settings import ServeSettings
from common.shards import Command, Reply, Shards, failures
from common.worker_status import WorkerStatus, read_worker_statuses
from serve.page.people import Acquaintance, KnownViewer

MOST_VIEWERS = 500
_KEYS_PER_STEP = 1000
_MOST_STEPS = 100
"""Of a large store, a hundred thousand keys per node are searched for viewers: that takes Redis some 20 ms."""


class PageStore:
    """Redis, read with these settings, for any thread: one reads at a time. Everything blocks."""

    def __init__(self, settings: ServeSettings) -> None:
        self._keys = settings.key_space
        url, timeout = settings.redis_address, settings.redis_timeout_ms / 1000
        self._shards = Shards(url, self._keys.buckets, timeout)
        self._reading = Lock()
        self._is_closed = False

    def viewers(self) -> list[KnownViewer]:
        """Some who have a follow list, by name, those without a name last. StoreUnavailable."""
        with self._turn():
            ids = self._viewer_ids()
            counts = self._run((keys, (b"ZCARD", keys.follows)) for keys in map(self._keys.viewer, ids))
            names = read_names(self._shards.meta_client(), ids)
        known = [KnownViewer(id_, names.get(id_), count) for id_, count in zip(ids, counts, strict=True)]
        return sorted(known, key=lambda viewer: (viewer.name is None, viewer.name or "", viewer.id))

    def acquaintance(self, viewer: int, people: Collection[int]) -> Acquaintance:
        """What there is to know of a viewer and of these people, at least one. StoreUnavailable."""
        keys = self._keys.viewer(viewer)
        asked = (b"ZMSCORE", keys.follows, *(b"%d" % person for person in people))
        with self._turn():
            count, scores = self._run([(keys, (b"ZCARD", keys.follows)), (keys, asked)])
            names = read_names(self._shards.meta_client(), (viewer, *people))
        followed = (person for person, score in zip(people, scores, strict=True) if score is not None)
        return Acquaintance(count, frozenset(followed), names)

    def workers(self) -> dict[str, WorkerStatus]:
        """Statuses of ingest workers, old ones too. StoreUnavailable."""
        with self._turn():
            return read_worker_statuses(self._shards.meta_client())

    def close(self) -> None:
        """Close all connections, once whoever reads has read; those who wait for their turn are not waited for."""
        self._is_closed = True
        with self._reading:
            self._shards.close()

    @contextmanager
    def _turn(self) -> Generator[None]:
        with self._reading, self._shards.noting_failures():
            if self._is_closed:
                raise StoreUnavailable("the page is not shown any more")
            yield

    def _viewer_ids(self) -> list[int]:
        with redis_must_answer():
            keys = [key for node in self._shards.nodes() for key in _some_follow_keys(node)]
        return [viewer_of(key) for key in keys][:MOST_VIEWERS]

    def _run(self, commands: Iterable[tuple[ViewerKeys, tuple[bytes, ...]]]) -> list[Reply]:
        """Replies to commands on viewers' keys. StoreUnavailable when one is missing."""
        replies = self._shards.run([Command(keys.bucket, pack(words)) for keys, words in commands])
        if failed := failures(replies):
            raise failed[0]
        return replies


def _some_follow_keys(node: redis.Redis) -> list[bytes]:
    found: dict[bytes, None] = {}  # a scan may tell of a key twice
    cursor = 0
    for _ in range(_MOST_STEPS):
        cursor, keys = cast("tuple[int, list[bytes]]", node.scan(cursor, match=FOLLOWS_PATTERN, count=_KEYS_PER_STEP))
        found.update(dict.fromkeys(keys))
        if cursor == 0 or len(found) >= MOST_VIEWERS:
            break
    return list(found)
