"""Metrics of the store: names, help and units, and the call that moves them."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from ingest.write.marks.rules import LOSSES, Suspicion
from ingest.write.store_sample import StoreEstimate


class StoreMetrics:
    """Sizes of the store, estimated from a sample."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._users = Gauge(
            "post_store_user_count", "Authors with posts in the store (estimate from a sample)", registry=registry
        )
        self._posts = Gauge("post_store_total_posts", "Posts in the store (estimate from a sample)", registry=registry)
        self._deleted = Gauge(
            "post_store_deleted_posts", "Tombstones in the store (estimate from a sample)", registry=registry
        )
        entities = Gauge(
            "post_store_entity_count",
            "Entities of each type in the store (estimate from a sample)",
            ["type"],
            registry=registry,
        )
        self._entities = {field: entities.labels(field) for field in StoreEstimate._fields}

    def estimated(self, estimate: StoreEstimate) -> None:
        """A sample was taken."""
        self._users.set(estimate.users)
        self._posts.set(estimate.posts)
        self._deleted.set(estimate.deleted_posts)
        for field, count in estimate._asdict().items():
            self._entities[field].set(count)


class MarkMetrics:
    """Lost writes of the store, and what is read again for them. For any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        losses = Counter(
            "post_store_losses",
            "Times that a node of Redis was found to have lost writes, by the proof; above zero: persistence or "
            "replication of Redis lost what it had acknowledged, and posts were left out of answers meanwhile",
            ["reason"],
            registry=registry,
        )
        replays = Counter(
            "post_store_replays",
            "Times that partitions were read again from Kafka because a node of Redis may lack writes, lost or not",
            ["reason"],
            registry=registry,
        )
        self._losses = {suspicion: losses.labels(suspicion) for suspicion in LOSSES}
        self._replays = {suspicion: replays.labels(suspicion) for suspicion in Suspicion}
        self._short = Gauge(
            "post_store_short_buckets",
            "Buckets of the store that lack posts they had, as this worker sees them; above zero: their posts are left "
            "out of answers until Kafka was read again up to the loss",
            registry=registry,
        )
        self._short_of: dict[object, int] = {}

    def found(self, suspicion: Suspicion, *, is_replayed: bool) -> None:
        """A node may lack writes."""
        self._replays[suspicion].inc(is_replayed)
        if suspicion in self._losses:
            self._losses[suspicion].inc()

    def short(self, thread: object, buckets: int) -> None:
        """Number of buckets that are not whole, as a thread sees them."""
        self._short_of[thread] = buckets
        self._short.set(max([*self._short_of.values()]))
