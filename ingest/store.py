"""The store as an ingest worker sees it: laid out at start, then a writer per thread and the report of catch-up."""

import logging

from common.catch_up import report_caught_up
from common.errors import StoreUnavailable
from common.retention import Retention
from common.settings import IngestSettings
from common.shards import Shards
from common.store_layout import StoreLayout, check_eviction, lay_out
from ingest.post_writer import PostWriter
from ingest.store_sample import StoreEstimate, sample_store

_log = logging.getLogger("thunder.ingest")


class PostStore:
    """Redis, laid out for these settings. open() first; report() is for one thread at a time."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._keys = settings.key_space
        self._retention = Retention(settings.post_retention_seconds, settings.clock_skew_seconds)
        self._shards = self._connect()
        self._sampled = self._connect()
        self._layout: StoreLayout | None = None

    def open(self) -> None:
        """Check every node, lay the store out. StoreUnavailable: try again; StoreMismatch: do not. Blocks."""
        nodes = self._shards.nodes()
        for node in nodes:
            check_eviction(node)
        self._layout = lay_out(self._shards.meta_client(), self._keys, self._retention.seconds)
        _log.info(
            "Initialized PostStore in Redis: %d node(s), retention %d s, %d buckets, %d post hashes",
            len(nodes),
            self._retention.seconds,
            self._keys.buckets,
            self._keys.post_hashes,
        )

    def writer(self) -> PostWriter:
        """A sink for one thread, with connections of its own."""
        return PostWriter(self._connect(), self._keys, self._retention)

    def report(self, topic: str, partition: int, partitions: int) -> None:
        """Tell the servers that a partition has caught up. StoreUnavailable. Being behind again is a metric only."""
        if self._layout is None:
            raise StoreUnavailable("the store is not open")
        client = self._shards.meta_client()
        report_caught_up(client, topic, partition, partitions, self._layout.lineage, self._retention.ttl_seconds)

    def estimate(self) -> StoreEstimate:
        """What the store holds, from a sample. StoreUnavailable. For one thread at a time, beside report(). Blocks."""
        return sample_store(self._sampled, self._keys)

    def _connect(self) -> Shards:
        url = self._settings.redis_url.get_secret_value()
        return Shards(url, self._keys.buckets, self._settings.redis_timeout_ms / 1000)
