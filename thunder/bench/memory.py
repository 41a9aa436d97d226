"""`thunder bench memory`: memory of Redis per post, everything included, with many and with few posts per author."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, cast

from rich.progress import Progress

from thunder.bench.options import LengthOptions
from thunder.bench.standard_store import posts
from thunder.bench.store import BenchStore, empty_store, fill

POSTS_PER_AUTHOR = (50, 5)
FULL, QUICK = 1_000_000, 50_000


class MemoryFigures(NamedTuple):
    """Bytes of Redis per post, by the posts of each author."""

    bytes_per_post: dict[int, float]
    posts: int


def measure_memory(url: str | None, options: LengthOptions, progress: Progress) -> MemoryFigures:
    """Fills a store for each number of posts per author. Raises ThunderError."""
    count = QUICK if options.quick else FULL
    found: dict[int, float] = {}
    for per_author in POSTS_PER_AUTHOR:
        with ExitStack() as running:
            folder = running.enter_context(tempfile.TemporaryDirectory(prefix="thunder-bench-"))
            store = running.enter_context(empty_store(url, Path(folder), count))
            before = _used_memory(store)
            fill(store, posts(int(time.time()), count // per_author, per_author), count, progress)
            found[per_author] = (_used_memory(store) - before) / count
    return MemoryFigures(found, count)


def _used_memory(store: BenchStore) -> int:
    with store.client() as client:
        return cast("dict[str, int]", client.info("memory"))["used_memory"]


def memory_as_json(figures: MemoryFigures) -> dict[str, object]:
    """Bytes per post, by the posts of each author."""
    return {
        "bytes_per_post": {str(each): round(found, 1) for each, found in figures.bytes_per_post.items()},
        "posts": figures.posts,
    }
