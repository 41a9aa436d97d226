"""A create and a delete of one post, applied by two workers: every interleaving of their script calls, with a crash
after any call and a replay, ends in the same store."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import cast

import pytest
import redis

from common.post import LightPost
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.record import record_field
from ingest.events import AuthorDelete, Event, PostDelete
from tests.integration.store.gated_store_client import GatedStoreClient, SteppedWorker
from tests.support.redis.event_writer import EventWriter

KEYS = KeySpace(buckets=4, post_hashes=8)
NOW = 1_790_000_000
POST = LightPost(7, 70, NOW - 5, has_video=True)

Dump = dict[bytes, object]


def interleavings(first: int, second: int) -> Iterator[tuple[int, ...]]:
    """All orders of these numbers of calls of worker 0 and of worker 1."""
    if not first or not second:
        yield (0,) * first + (1,) * second
        return
    yield from ((0, *rest) for rest in interleavings(first - 1, second))
    yield from ((1, *rest) for rest in interleavings(first, second - 1))


def dump(client: redis.Redis) -> Dump:
    """Everything in the store but TTLs."""
    keys = cast("list[bytes]", client.keys())
    hashes: Dump = {key: client.hgetall(key) for key in keys if key.startswith(b"p:")}
    return hashes | {key: client.zrange(key, 0, -1, withscores=True) for key in keys if key.startswith(b"a:")}


class Race:
    """Two workers, each with one event, that crash after these numbers of calls and then apply their event again."""

    def __init__(self, url: str, pool: ThreadPoolExecutor) -> None:
        self._url = url
        self._pool = pool
        self._open_client = StoreClient(url, KEYS.buckets, timeout_seconds=10)
        self.client = redis.Redis.from_url(url)

    def close(self) -> None:
        self._open_client.close()
        self.client.close()

    def run(self, events: tuple[Event, Event], crashes: tuple[int, int], order: tuple[int, ...]) -> Dump:
        self.client.flushdb()
        workers = [self._worker(event) for event in events]
        calls_left = list(crashes)
        for turn in order:
            if calls_left[turn] == 0:
                workers[turn].kill()
                workers[turn] = self._worker(events[turn])
            calls_left[turn] -= 1
            workers[turn].step()
        for worker in workers:
            worker.finish()
        return dump(self.client)

    def _worker(self, event: Event) -> SteppedWorker:
        store_client = GatedStoreClient(self._url, KEYS.buckets, self._open_client)

        def work() -> None:
            EventWriter(store_client, KEYS, Retention(600)).write([event], NOW)

        return SteppedWorker(self._pool, store_client, work)


@pytest.fixture
def race(redis_url: str) -> Iterator[Race]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        race = Race(redis_url, pool)
        yield race
        race.close()


def outcomes(race: Race, events: tuple[Event, Event], calls: tuple[int, int]) -> Iterator[Dump]:
    """Ends of all races of two writes with at most these numbers of calls, with a crash of either after any call."""
    of_first, of_second = calls
    for first, second in product(range(of_first + 1), range(of_second + 1)):
        for order in interleavings(first + of_first, second + of_second):
            yield race.run(events, (first, second), order)


def test_create_and_delete(race: Race) -> None:
    # HSETNX, the claim of an id that is held, the author's sets; the claim, the author's sets.
    ends = list(outcomes(race, (POST, PostDelete(POST.post_id, 0)), calls=(3, 2)))
    author = KEYS.author(POST.author_id)
    assert author.posts not in ends[0]
    assert author.videos not in ends[0]
    assert author.deletions in ends[0]
    assert all(end == ends[0] for end in ends)


def test_create_and_author_delete(race: Race) -> None:
    author = KEYS.author(POST.author_id)
    # HSETNX, the author's sets, giving a refused claim up; the erasure, the claim, the author's sets.
    for end in outcomes(race, (POST, AuthorDelete(POST.author_id, NOW)), calls=(3, 3)):
        assert author.posts not in end
        assert author.videos not in end
        assert end[KEYS.post(POST.post_id).hash] == {record_field(POST.post_id): deleted(POST)}


def deleted(post: LightPost) -> bytes:
    """The tombstone of the post, its author and time known."""
    return b"\x01" + NOW.to_bytes(4, "big") + post.author_id.to_bytes(8, "big") + post.created_at.to_bytes(4, "big")
