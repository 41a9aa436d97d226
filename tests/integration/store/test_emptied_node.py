"""A node that comes back empty between two writes: a writer that keeps no marks sets all TTLs again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.post import LightPost
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from tests.support.redis.event_writer import EventWriter
from tests.support.redis.servers import RedisServer

KEYS = KeySpace(buckets=4, post_hashes=4)
NOW = 1_790_000_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def video(post_id: int) -> LightPost:
    return LightPost(post_id, 10, NOW, has_video=True)


def test_keys_that_are_made_again_have_a_ttl(server: RedisServer) -> None:
    client = StoreClient(server.url, KEYS.buckets, timeout_seconds=5, reads_tenures=True)
    writer = EventWriter(client, KEYS, Retention(600, 60))
    writer.write([video(1)], NOW)
    server.restart()
    writer.write([video(post_id) for post_id in range(2, 9)], NOW)
    assert server.command("DBSIZE"), "no call failed"
    server.assert_no_key_leaks()
    client.close()
