"""A store that a server with a live page may read: filled straight, without Kafka."""

import time
from collections.abc import Mapping

from common.retention import Retention
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient
from common.store.display_names import write_names
from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from ingest.events import Event, Follow
from ingest.write.follow_writer import FollowWriter
from tests.support.redis.event_writer import EventWriter


class ShownStore:
    """Laid out and caught up with when made; empty of posts, follows and names."""

    def __init__(self, url: str) -> None:
        self._store_client, keys = StoreClient(url, KeySpace().buckets, timeout_seconds=5), KeySpace()
        self._posts = EventWriter(self._store_client, keys, Retention(172_800, 60))
        self._follows = FollowWriter(self._store_client, keys)
        layout = initialise_layout(self._store_client.meta_client(), keys, 172_800)
        report_caught_up(self._store_client.meta_client(), "innetwork_post", 0, 1, layout.lineage, 3600)

    def write(self, *events: Event) -> None:
        self._posts.write(events, int(time.time()))

    def follow(self, viewer: int, *targets: int) -> None:
        now = int(time.time())
        self._follows.write([Follow(viewer, target, 0, now) for target in targets], now)

    def name(self, names: Mapping[int, str]) -> None:
        write_names(self._store_client.meta_client(), names, 3600)
