"""Whom the page knows of. Pure."""

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple, cast

import redis

from common.errors import StoreUnavailable
from common.settings.serve import ServeSettings
from common.store.client import NodeCommand, Reply, Shards, failures
from common.store.display_names import read_names
from common.store.errors import redis_errors_as_unavailable
from common.store.keys import FOLLOWS_PATTERN, ViewerKeys, viewer_of
from common.store.protocol import pack
from common.store.worker_status import WorkerStatus, read_worker_statuses


class KnownViewer(NamedTuple):
    """Somebody with a follow list. name: None when it is not known."""

    id: int
    name: str | None
    follows: int


class ViewerFollows(NamedTuple):
    """How many a viewer follows; who of some people is one of them; what they all are called, where known."""

    follows: int
    followed: frozenset[int]
    names: dict[int, str]


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

    def acquaintance(self, viewer: int, people: Collection[int]) -> ViewerFollows:
        """What there is to know of a viewer and of these people, at least one. StoreUnavailable."""
        keys = self._keys.viewer(viewer)
        asked = (b"ZMSCORE", keys.follows, *(b"%d" % person for person in people))
        with self._turn():
            count, scores = self._run([(keys, (b"ZCARD", keys.follows)), (keys, asked)])
            names = read_names(self._shards.meta_client(), (viewer, *people))
        followed = (person for person, score in zip(people, scores, strict=True) if score is not None)
        return ViewerFollows(count, frozenset(followed), names)

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
        with redis_errors_as_unavailable():
            keys = [key for node in self._shards.nodes() for key in _some_follow_keys(node)]
        return [viewer_of(key) for key in keys][:MOST_VIEWERS]

    def _run(self, commands: Iterable[tuple[ViewerKeys, tuple[bytes, ...]]]) -> list[Reply]:
        """Replies to commands on viewers' keys. StoreUnavailable when one is missing."""
        replies = self._shards.run([NodeCommand(keys.bucket, pack(words)) for keys, words in commands])
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
