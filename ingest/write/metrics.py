"""Metrics of the store: names, help and units, and the call that moves them."""

from prometheus_client import CollectorRegistry, Gauge

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
