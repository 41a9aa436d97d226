"""The store as an ingest worker sees it: laid out at start, then a writer per thread and the report of catch-up."""

import logging
import secrets

from common.retention import Retention
from common.settings.ingest import IngestSettings
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient
from common.store.layout import StoreLayout, check_eviction, check_layout, initialise_layout, new_lineage
from common.store.worker_status import WorkerStatus, remove_old_statuses, write_worker_status
from ingest.write.follow_writer import FollowWriter
from ingest.write.post_writer import PostWriter
from ingest.write.store_sample import StoreEstimate, sample_store

_log = logging.getLogger("thunder.ingest")


class PostStore:
    """Redis, laid out for these settings. open() first; report() is for one thread at a time."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._keys = settings.key_space
        self._retention = Retention(settings.post_retention_seconds, settings.clock_skew_seconds)
        self._store_client = self._connect()
        self._sampled = self._connect()
        self._layout: StoreLayout | None = None
        self._name = secrets.token_hex(4)
        self._has_shown = False

    @property
    def lineage(self) -> str:
        """Names the data of the store as it was seen last. For any thread, after open()."""
        return self._layout.lineage if self._layout else ""

    def open(self) -> None:
        """Check every node, lay the store out, or declare its data lost if it is to be rebuilt. Blocks.

        StoreUnavailable: try again; StoreMismatch: do not.
        """
        with self._store_client.refreshing_topology():
            nodes = self._store_client.node_clients()
            for node in nodes:
                check_eviction(node)
            self._layout = initialise_layout(self._store_client.meta_client(), self._keys, self._retention.seconds)
            if self._settings.rebuild:
                self._layout = new_lineage(self._store_client.meta_client(), self._layout)
                _log.warning("Rebuilding the store: everything that counts is read from Kafka again")
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

    def follow_writer(self) -> FollowWriter:
        """A sink of follows for one thread, with connections of its own."""
        return FollowWriter(self._connect(), self._keys)

    def look(self) -> None:
        """Notice that the data began anew: Redis was emptied, or another worker rebuilds. StoreUnavailable.

        StoreMismatch. For one thread at a time, beside report().
        """
        with self._store_client.refreshing_topology():
            client = self._store_client.meta_client()
            layout = check_layout(client, self._keys) or initialise_layout(client, self._keys, self._retention.seconds)
        if layout.lineage != self.lineage:
            _log.warning("The store began anew: everything that counts is read from Kafka again")
        self._layout = layout

    def report(self, topic: str, partition: int, lineage: str, partitions: int) -> None:
        """Tell the servers that a partition has caught up with the data of a lineage. StoreUnavailable.

        Being behind again is a metric only.
        """
        with self._store_client.refreshing_topology():
            client = self._store_client.meta_client()
            report_caught_up(client, topic, partition, partitions, lineage, self._retention.ttl_seconds)

    def show(self, status: WorkerStatus) -> None:
        """Write how this process does, for a page to show. StoreUnavailable. For one thread at a time, beside report().

        The first time, what workers that ended have left is taken away.
        """
        with self._store_client.refreshing_topology():
            client = self._store_client.meta_client()
            write_worker_status(client, self._name, status)
            if not self._has_shown:
                remove_old_statuses(client, status.at)
                self._has_shown = True

    def estimate(self) -> StoreEstimate:
        """What the store holds, from a sample. StoreUnavailable. For one thread at a time, beside report(). Blocks."""
        with self._sampled.refreshing_topology():
            return sample_store(self._sampled, self._keys)

    def _connect(self) -> StoreClient:
        url = self._settings.redis_address
        return StoreClient(url, self._keys.buckets, self._settings.redis_timeout_ms / 1000)
