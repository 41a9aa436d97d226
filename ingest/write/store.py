"""The store of an ingest worker: opens it, watches its lineage, makes its writers, reports the worker's progress."""

import logging
import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

import redis

from common.errors import StoreUnavailable
from common.retention import Retention
from common.settings.ingest import IngestSettings
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient, failures
from common.store.commands import NodeCommand
from common.store.layout import (
    StoreLayout,
    check_eviction,
    check_layout,
    initialise_layout,
    new_lineage,
    read_meta,
    restore_layout,
)
from common.store.marks import BucketMarks, MarkKind, mark_field, parse_marks, parse_topic_ids, read_marks
from common.store.worker_status import WorkerStatus, remove_old_statuses, write_worker_status
from common.timing import Clock, system_clock
from ingest.write.caught_up_reports import CaughtUp, CaughtUpReports
from ingest.write.follow_writer import FollowWriter
from ingest.write.marks.keeper import MarkKeeper
from ingest.write.marks.nodes import MarkedTopic
from ingest.write.marks.rules import outlives
from ingest.write.metrics import MarkMetrics, StoreMetrics
from ingest.write.post_writer import PostWriter
from ingest.write.store_sample import sample_store

_log = logging.getLogger("thunder.ingest")


class Store:
    """Redis with the layout of these settings. open() comes first; everything else is for any thread."""

    def __init__(self, settings: IngestSettings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock
        self.keys = settings.key_space
        self.retention = Retention(settings.post_retention_seconds, settings.clock_skew_seconds)
        self._store_client = self.connect()
        self._lock = Lock()
        self._layout: StoreLayout | None = None
        self._meta: Mapping[bytes, bytes] = {}
        self._topic_ids: Mapping[bytes, str] = {}

    @property
    def lineage(self) -> str:
        """Name of the data that the store holds, as last seen; empty before open(). Does not block."""
        return self._layout.lineage if self._layout else ""

    def former_topic_id(self, topic: str, partition: int) -> str:
        """Id of the topic that the store was filled from last, as last seen; empty if not known. Does not block."""
        return self._topic_ids.get(mark_field(topic, partition), "")

    def open(self) -> None:
        """Check every node and initialise the layout, with a new lineage if the store is to be rebuilt. Blocks.

        StoreUnavailable when the same call may succeed later; StoreMismatch when this store must not be written.
        """
        with self.meta() as client:
            nodes = self._store_client.node_clients()
            for node in nodes:
                check_eviction(node)
            self._layout = initialise_layout(client, self.keys, self.retention.seconds)
            if self._settings.rebuild:
                self._layout = new_lineage(client, self._layout)
                _log.warning("Rebuilding the store: replaying from Kafka")
            self._remember(read_meta(client))
        _log.info(
            "Initialized PostStore in Redis: %d node(s), retention %d s, %d buckets, %d post hashes",
            len(nodes),
            self.retention.seconds,
            self.keys.buckets,
            self.keys.post_hashes,
        )

    def check_lineage(self) -> None:
        """Notice that Redis was emptied, or that another worker rebuilds. Blocks.

        StoreUnavailable; StoreMismatch when this store must not be written any more.
        """
        with self.meta() as client:
            layout = check_layout(client, self.keys) or self._replace_layout(client)
            self._remember(read_meta(client))
        if layout.lineage != self.lineage:
            _log.warning("Store lineage changed: replaying from Kafka")
        self._layout = layout

    def _replace_layout(self, client: redis.Redis) -> StoreLayout:
        """Restore the layout if the data of other nodes has outlived it, else begin a new lineage."""
        if not self._meta or not outlives(self._meta, self._marks(), self._clock()):
            return initialise_layout(client, self.keys, self.retention.seconds)
        layout = restore_layout(client, self.keys, self.retention.seconds, self._meta)
        if layout.lineage == self.lineage:
            _log.warning("Store lost its layout, not its data: the layout is restored, with its lineage")
        return layout

    def _marks(self) -> Iterator[BucketMarks]:
        """Marks of all buckets. StoreUnavailable when a node does not show its own."""
        commands = [NodeCommand(bucket, read_marks(bucket)) for bucket in range(self.keys.buckets)]
        replies = self._store_client.run(commands)
        if failed := failures(replies):
            raise failed[0]
        return map(parse_marks, replies)

    def _remember(self, meta: Mapping[bytes, bytes]) -> None:
        self._topic_ids = parse_topic_ids(meta)
        if b"lineage" in meta:  # else it was lost a moment ago
            self._meta = meta

    def needs_posts_since(self, now: int) -> int:
        """Time (Unix s) from which messages about posts are needed; a post may be ahead of its message by the skew."""
        return max(0, self.retention.oldest(now) - self.retention.skew_seconds)

    def post_writer(self, store_client: StoreClient) -> PostWriter:
        """A sink of events about posts, for the thread that has the client."""
        return PostWriter(store_client, self.keys, self.retention, lineage=lambda: self.lineage)

    def follow_writer(self, store_client: StoreClient) -> FollowWriter:
        """A sink of follows, for the thread that has the client."""
        return FollowWriter(store_client, self.keys)

    def post_marks(
        self, writer: PostWriter, store_client: StoreClient, topic: str, metrics: MarkMetrics, clock: Clock
    ) -> MarkKeeper:
        """Marks of the posts of a topic, for the thread that has the client and the writer."""
        marked = MarkedTopic(MarkKind.POSTS, topic, self.retention.seconds)
        return MarkKeeper(store_client, self.keys.buckets, marked, metrics, writer.lacking, writer.forget, clock)

    def follow_marks(self, store_client: StoreClient, topic: str, metrics: MarkMetrics, clock: Clock) -> MarkKeeper:
        """Marks of the follows of a topic, for the thread that has the client."""
        marked = MarkedTopic(MarkKind.FOLLOWS, topic, self.retention.seconds)
        return MarkKeeper(store_client, self.keys.buckets, marked, metrics, clock=clock)

    @contextmanager
    def meta(self) -> Generator[redis.Redis]:
        """Client of the node that holds the store's own keys, for one thread at a time. StoreUnavailable. Blocks."""
        with self._lock, self._store_client.refreshing_topology():
            yield self._store_client.meta_client()

    def connect(self, *, reads_tenures: bool = False) -> StoreClient:
        """A client with connections of its own. reads_tenures: for a thread that keeps marks."""
        timeout = self._settings.redis_timeout_ms / 1000
        return StoreClient(self._settings.redis_address, self.keys.buckets, timeout, reads_tenures=reads_tenures)


class StoreReports:
    """Reports caught-up partitions to servers, and status and sizes of the store to dashboards.

    caught_up: to be used by threads that must not wait for Redis.
    """

    def __init__(self, store: Store, metrics: StoreMetrics) -> None:
        self._store = store
        self._sampled = store.connect()
        self._metrics = metrics
        self._posts: int | None = None
        self._name = secrets.token_hex(4)
        self._has_published = False
        self.caught_up = CaughtUpReports(self.report_caught_up, lambda: store.lineage)

    def report_caught_up(self, report: CaughtUp) -> None:
        """Report that a partition has caught up. For any thread.

        Servers wait for this before they are ready; being behind again is a metric only. StoreUnavailable. Blocks.
        """
        topic, partition, lineage, partitions = report
        with self._store.meta() as client:
            report_caught_up(client, topic, partition, partitions, lineage, self._store.retention.ttl_seconds)

    def publish_status(self, now: float, applied: int, lag: int | None) -> None:
        """Publish the number of events applied since the start, and the lag (None: unknown). For one thread.

        The first call removes the statuses of workers that ended. now in Unix seconds. StoreUnavailable. Blocks.
        """
        with self._store.meta() as client:
            write_worker_status(client, self._name, WorkerStatus(now, applied, lag, self._posts))
            if not self._has_published:
                remove_old_statuses(client, now)
                self._has_published = True

    def measure(self) -> None:
        """Estimate the sizes of the store from a sample, for the metrics. For one thread. Blocks."""
        try:
            with self._sampled.refreshing_topology():
                estimate = sample_store(self._sampled, self._store.keys)
        except StoreUnavailable as reason:
            _log.warning("Sizes of the store are not updated, it cannot be sampled: %s", reason)
        else:
            self._metrics.estimated(estimate)
            self._posts = estimate.posts
