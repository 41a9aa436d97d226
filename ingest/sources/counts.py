"""The counts of a source over all of its runs, and where it resumes, kept in Redis."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, cast

import redis

from common.errors import StoreUnavailable
from common.keys import source_key
from common.redis_errors import redis_must_answer
from common.settings import RedisSettings
from common.shards import Shards
from ingest.sources.statistics import Counts, of_fields

KEPT_SECONDS = 30 * 24 * 3600
"""How long they outlive the last run of the source."""

_POSITION = "position"


class Kept(NamedTuple):
    """What Redis holds. position: empty when there is none."""

    totals: Counts
    position: str


class CountStore:
    """A hash in Redis for one source. One thread at a time; each call blocks for the timeout of the settings at most.

    An addition whose reply was lost may count twice: these numbers are for people.
    """

    def __init__(self, settings: RedisSettings, source: str) -> None:
        self._settings = settings
        self._key = source_key(source).decode()
        self._shards: Shards | None = None

    def read(self) -> Kept:
        """What was kept so far. Raises StoreUnavailable."""
        with self._client() as client:
            held = cast("dict[bytes, bytes]", client.hgetall(self._key))
        fields = {name.decode(): value.decode() for name, value in held.items()}
        position = fields.pop(_POSITION, "")
        return Kept(of_fields({name: int(value) for name, value in fields.items()}), position)

    def add(self, more: Mapping[str, int], position: str) -> None:
        """Add to the fields (statistics.as_fields names them), replace the position unless it is empty.

        Raises StoreUnavailable: then nothing is known to be added.
        """
        with self._client() as client:
            whole = client.pipeline(transaction=True)
            for name, count in more.items():
                whole.hincrby(self._key, name, count)
            if position:
                whole.hset(self._key, _POSITION, position)
            whole.expire(self._key, KEPT_SECONDS)
            whole.execute()

    @contextmanager
    def _client(self) -> Generator[redis.Redis]:
        """Of the node that holds the hash, which is found anew after each failure."""
        self._shards = self._shards or self._connected()
        try:
            with redis_must_answer():
                yield self._shards.meta_client()
        except StoreUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections; the next call makes new ones."""
        if self._shards is not None:
            self._shards.close()
            self._shards = None

    def _connected(self) -> Shards:
        timeout_seconds = self._settings.redis_timeout_ms / 1000
        return Shards(self._settings.redis_address, buckets=1, timeout_seconds=timeout_seconds)
