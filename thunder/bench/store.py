"""The store that is measured: an embedded Redis, or one that is given, with the standard store in it.

A filled store is kept as a dump in the cache of the user, for further runs: its retention is a month, so that it does
not expire between them.
"""

import os
import shutil
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from hashlib import blake2b
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import NamedTuple, cast

import redis
from rich.progress import Progress

from common.errors import ConfigurationError
from common.post import LightPost
from common.resources import read_resource
from common.retention import Retention
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from common.store.member import post_id
from ingest.post_row import store_event
from ingest.write.post_writer import PostWriter
from thunder.bench.standard_store import POSTS_PER_AUTHOR, posts, standard_authors
from thunder.embedded.redis_server import EmbeddedRedis, redis_binary

TOPIC = "innetwork_post"
RETENTION_SECONDS = 30 * 86_400
_DUMP_SECONDS = 20 * 86_400
"""Age up to which a dump is used: none of its posts is near the retention yet."""

_POSTS_PER_HASH = 60
_BATCH = 5000
_SEEN = 2000
_CAUGHT_UP_SECONDS = 86_400
_RESOURCES = ("lua/add_posts.lua", "lua/claim_posts.lua")
_MODULES = (
    "common.store/member.py",
    "common.store/record.py",
    "common.store/keys.py",
    "thunder.bench/standard_store.py",
)


class BenchStore(NamedTuple):
    """A store that is filled, or to be filled. authors: of the standard store; seen: some ids of stored posts."""

    url: str
    keys: KeySpace
    authors: int
    seen: tuple[int, ...] = ()

    @property
    def flags(self) -> dict[str, str]:
        """Flags of the roles that use it, but for its address, which may hold a password."""
        return {
            "--post-hashes": str(self.keys.post_hashes),
            "--post-retention-seconds": str(RETENTION_SECONDS),
        }

    def client(self) -> redis.Redis:
        """A connection for the harness."""
        return redis.Redis.from_url(self.url)


def key_space(posts_stored: int) -> KeySpace:
    """Keys with about 60 records in a hash, the number that the sizing advises."""
    return KeySpace(post_hashes=max(256, 1 << round(posts_stored / _POSTS_PER_HASH).bit_length() - 1))


@contextmanager
def empty_store(url: str | None, folder: Path, posts_stored: int) -> Generator[BenchStore]:
    """Give an empty store: embedded in this folder, or the given one, which is emptied again. ConfigurationError."""
    keys = key_space(posts_stored)
    if url is None:
        server = EmbeddedRedis(folder)
        try:
            yield BenchStore(server.url, keys, 0)
        finally:
            server.stop()
        return
    with redis.Redis.from_url(url) as client:
        if client.dbsize():
            raise ConfigurationError("--redis-url: this Redis is not empty; what is measured would be lost in it")
        try:
            yield BenchStore(url, keys, 0)
        finally:
            client.flushdb()


@contextmanager
def filled_store(url: str | None, folder: Path, authors: int, progress: Progress) -> Generator[BenchStore]:
    """Give the standard store with this number of authors, from a dump if there is one. ConfigurationError."""
    stored = authors * POSTS_PER_AUTHOR
    dump = _dump(authors)
    is_cached = url is None and dump.is_file() and time.time() - dump.stat().st_mtime < _DUMP_SECONDS
    if is_cached:
        shutil.copyfile(dump, folder / "dump.rdb")
    with empty_store(url, folder, stored) as empty, empty.client() as client:
        if is_cached:
            _report_caught_up(client, empty.keys)
        else:
            fill(empty, posts(int(time.time()), authors), stored, progress)
        if url is None and not is_cached:
            client.save()
            _keep(folder / "dump.rdb", dump)
        yield empty._replace(authors=authors, seen=_seen(client, empty.keys, authors))


def _keep(dump: Path, kept: Path) -> None:
    """Move a dump to the cache, where other runs see all of it or nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    shutil.move(dump, part)
    part.replace(kept)


def fill(store: BenchStore, written: Iterable[LightPost], count: int, progress: Progress) -> None:
    """Write the posts as a worker does, and report that the topic was read to its end."""
    task = progress.add_task("filling the store", total=count)
    remaining = iter(written)
    client, store_client = store.client(), StoreClient(store.url, store.keys.buckets, timeout_seconds=30)
    try:
        _report_caught_up(client, store.keys)
        writer = PostWriter(store_client, store.keys, Retention(RETENTION_SECONDS))
        while batch := list(islice(remaining, _BATCH)):
            writer.write([store_event(post) for post in batch], int(time.time()))
            progress.advance(task, len(batch))
    finally:
        store_client.close()
        client.close()
        progress.remove_task(task)


def _report_caught_up(client: redis.Redis, keys: KeySpace) -> None:
    layout = initialise_layout(client, keys, RETENTION_SECONDS)
    report_caught_up(client, TOPIC, 0, 1, layout.lineage, _CAUGHT_UP_SECONDS)


def _seen(client: redis.Redis, keys: KeySpace, authors: int) -> tuple[int, ...]:
    """Ids of the newest posts of some authors."""
    pipeline = client.pipeline(transaction=False)
    for author in standard_authors(authors)[:: max(1, authors * POSTS_PER_AUTHOR // _SEEN)]:
        pipeline.zrevrange(keys.author(author).posts, 0, -1)
    replies = cast("list[list[bytes]]", pipeline.execute())
    return tuple(post_id(member) for members in replies for member in members)


def _dump(authors: int) -> Path:
    """Path of the dump of a store of this code, this Redis and this number of authors."""
    made_by = [read_resource(path) for path in _RESOURCES]
    for name in _MODULES:
        package, _, module = name.partition("/")
        made_by.append(files(package).joinpath(module).read_text(encoding="utf-8"))
    digest = blake2b("\n".join([str(redis_binary()), *made_by]).encode(), digest_size=6).hexdigest()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "thunder-bench"
    return folder / f"store-{authors}-{digest}.rdb"
