"""A store as ingest leaves it, filled without Kafka."""

import time
from collections.abc import Sequence

import redis

from common.post import LightPost
from common.retention import Retention
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from tests.support.redis.event_writer import EventWriter

_KEYS, _RETENTION_SECONDS = KeySpace(), 172_800


def fill_store(url: str, posts: Sequence[LightPost] = ()) -> None:
    """Write the posts and say that the topic, which has one partition, was read to its end."""
    with redis.Redis.from_url(url) as client:
        layout = initialise_layout(client, _KEYS, _RETENTION_SECONDS)
        store_client = StoreClient(url, _KEYS.buckets, timeout_seconds=5)
        EventWriter(store_client, _KEYS, Retention(_RETENTION_SECONDS)).write(posts, int(time.time()))
        store_client.close()
        report_caught_up(client, "innetwork_post", 0, 1, layout.lineage, 3600)
