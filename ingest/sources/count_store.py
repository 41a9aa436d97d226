"""Keeps the counts of a source over all its runs, and its resume position, in Redis."""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, cast

import redis

from common.errors import StoreUnavailable
from common.settings.redis import RedisSettings
from common.store.client import StoreClient, redis_errors_as_unavailable
from common.store.keys import source_key
from ingest.sources.statistics import Counts, as_fields, of_fields

KEPT_SECONDS = 30 * 24 * 3600
"""TTL of the counts after the last run of the source."""

_POSITION = "position"


class Kept(NamedTuple):
    """State in Redis. position: empty when there is none."""

    totals: Counts
    position: str


class CountStore:
    """A hash in Redis for one source. One thread at a time; each call blocks for the timeout of the settings at most.

    An addition whose reply was lost may count twice: these numbers are for people.
    """

    def __init__(self, settings: RedisSettings, source: str) -> None:
        self._settings = settings
        self._key = source_key(source).decode()
        self._store_client: StoreClient | None = None

    def read(self) -> Kept:
        """Totals and position so far. Raises StoreUnavailable."""
        with self._client() as client:
            held = cast("dict[bytes, bytes]", client.hgetall(self._key))
        fields = {name.decode(): value.decode() for name, value in held.items()}
        position = fields.pop(_POSITION, "")
        return Kept(of_fields({name: int(value) for name, value in fields.items()}), position)

    def add(self, more: Mapping[str, int], position: str) -> None:
        """Add to the fields (statistics.as_fields names them), replace the position unless it is empty.

        Raises StoreUnavailable: whether anything was added is unknown.
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
        """Client of the node that holds the hash; looked up again after each failure."""
        self._store_client = self._store_client or self._connected()
        try:
            with redis_errors_as_unavailable():
                yield self._store_client.meta_client()
        except StoreUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections; the next call makes new ones."""
        if self._store_client is not None:
            self._store_client.close()
            self._store_client = None

    def _connected(self) -> StoreClient:
        timeout_seconds = self._settings.redis_timeout_ms / 1000
        return StoreClient(self._settings.redis_address, buckets=1, timeout_seconds=timeout_seconds)


Add = Callable[[Mapping[str, int], str], object]
"""Adds to the fields that are kept and replaces the position unless it is empty. Raises StoreUnavailable."""

_log = logging.getLogger("thunder.source")


class CountKeeper:
    """Adds new counts to the store. While Redis is unavailable the source goes on, and the counts are added later.

    For one thread at a time.
    """

    def __init__(self, add: Add) -> None:
        self._add = add
        self._added: dict[str, int] = {}
        self._position = ""
        self._is_away = False

    def keep(self, counts: Counts, position: str) -> None:
        """Store the counts of this run so far and the resume position. Logs the loss of Redis once, and its return."""
        fields = as_fields(counts)
        more = {name: count - self._added.get(name, 0) for name, count in fields.items()}
        news = {name: count for name, count in more.items() if count}
        if not news and position == self._position:
            return
        try:
            self._add(news, position)
        except StoreUnavailable as reason:
            self._log_away(reason)
        else:
            self._added, self._position = fields, position
            self._log_back()

    def _log_away(self, reason: StoreUnavailable) -> None:
        if not self._is_away:
            _log.warning(
                "Counts and position are not stored while Redis is unavailable; the source continues: %s", reason
            )
        self._is_away = True

    def _log_back(self) -> None:
        if self._is_away:
            _log.info("Counts and position are stored again")
        self._is_away = False
