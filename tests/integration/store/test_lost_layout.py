"""The node with the layout comes back empty, or all nodes do."""

import secrets
from collections.abc import Iterator

import pytest
import redis
from pydantic import SecretStr

from common.settings.ingest import IngestSettings
from common.store.client import StoreClient
from common.store.keys import META, KeySpace, marks_key
from common.store.layout import read_meta
from ingest.write.store import Store
from tests.support.redis.marked_store import MarkedStore

BUCKETS = KeySpace().buckets


@pytest.fixture
def filled(store_url: str) -> Iterator[MarkedStore]:
    store = MarkedStore(store_url)
    store.mark()
    yield store
    store.close()


@pytest.fixture
def meta(store_url: str) -> Iterator[redis.Redis]:
    client = StoreClient(store_url, BUCKETS, timeout_seconds=5)
    yield client.meta_client()
    client.close()


def worker_of(url: str) -> Store:
    store = Store(IngestSettings(redis_url=SecretStr(url), kafka_group_id="g"))
    store.open()
    return store


def empty_the_node_of_the_layout(filled: MarkedStore, meta: redis.Redis) -> None:
    """What it held of the layout and of marks; not of a store alone, which would be all."""
    meta.delete(META.decode())
    nodes = filled.nodes()
    for node, buckets in nodes if len(nodes) > 1 else []:
        if node.port == meta.connection_pool.connection_kwargs["port"]:
            for bucket in buckets:
                meta.delete(marks_key(bucket).decode())


def test_the_layout_is_restored_while_other_nodes_hold_its_data(
    store_url: str, filled: MarkedStore, meta: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    workers = [worker_of(store_url), worker_of(store_url)]
    before = read_meta(meta)
    empty_the_node_of_the_layout(filled, meta)
    for worker in workers:
        worker.check_lineage()
        assert worker.lineage == filled.lineage
        assert read_meta(meta) == before
    assert caplog.text.count("Store lost its layout, not its data") == 1


def test_a_worker_that_does_not_know_the_lineage_begins_another(
    store_url: str, filled: MarkedStore, meta: redis.Redis
) -> None:
    knowing = worker_of(store_url)
    empty_the_node_of_the_layout(filled, meta)
    ignorant = worker_of(store_url)
    knowing.check_lineage()
    assert knowing.lineage == ignorant.lineage != filled.lineage


def test_a_store_that_lost_everything_begins_another_lineage(
    store_url: str, filled: MarkedStore, meta: redis.Redis
) -> None:
    worker = worker_of(store_url)
    for node, _ in filled.nodes():
        with redis.Redis(host=node.host, port=node.port) as client:
            client.flushall()
    worker.check_lineage()
    assert worker.lineage not in ("", filled.lineage)
    assert read_meta(meta)[b"lineage"] == worker.lineage.encode()


def test_a_worker_that_was_cut_off_while_others_rebuilt_does_not_go_back(
    store_url: str, filled: MarkedStore, meta: redis.Redis
) -> None:
    worker = worker_of(store_url)
    filled.lineage = secrets.token_hex(8)
    filled.stamp()
    empty_the_node_of_the_layout(filled, meta)
    former = worker.lineage
    worker.check_lineage()
    assert worker.lineage not in (former, filled.lineage)
