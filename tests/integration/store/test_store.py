"""The store as operators know it: its layout, its TTLs, its failures."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import redis

from common.errors import StoreMismatch, StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import Retention
from common.store.catch_up import lagging_partitions, read_status, report_caught_up
from common.store.client import StoreClient
from common.store.commands import NodeCommand, pack
from common.store.keys import META, KeySpace
from common.store.layout import check_eviction, check_layout, initialise_layout, new_lineage, read_layout
from common.store.member import post_id
from common.store.record import record_field
from ingest.events import AuthorDelete, PostDelete
from ingest.post_row import create_row, delete_row
from ingest.write.post_writer import PostWriter
from ingest.write.store_sample import StoreEstimate, sample_store
from serve.deadline import NO_DEADLINE
from serve.query import Answer
from serve.store.fetcher import RedisFetcher
from serve.store.nodes import NodeConnections
from serve.timeline.commands import ListRange, packer_of
from serve.timeline.timeline import Timelines
from tests.support.conformance.scenarios import query_of
from tests.support.redis.event_writer import EventWriter
from tests.support.redis.servers import RedisCluster
from tests.support.unused import free_port

KEYS = KeySpace()
NOW = 1_790_000_000
RETENTION = Retention(600, 60)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def store_client(store_url: str) -> Iterator[StoreClient]:
    store_client = StoreClient(store_url, KEYS.buckets, timeout_seconds=5)
    yield store_client
    store_client.close()


async def ask(url: str, following: list[int], now: int = NOW, timeout_seconds: float = 5) -> Answer:
    connections = NodeConnections(url, KEYS.buckets, timeout_seconds)
    try:
        query = query_of(GetInNetworkPostsRequest(following_user_ids=following))
        return await Timelines(RedisFetcher(connections, KEYS), RETENTION, max_bytes=64 << 20).read(query, now)
    finally:
        connections.close()


def ids(answer: Answer) -> list[int]:
    return [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts]


def test_posts_without_any_record_are_lacking(store_client: StoreClient) -> None:
    writer = PostWriter(store_client, KEYS, RETENTION)
    kept, deleted, gone = ([create_row(LightPost(post, 5, NOW)) for post in some] for some in ([1], [2], range(3, 9)))
    writer.write([*kept, *deleted, delete_row(2)], NOW)
    lacking = writer.lacking([*kept, *deleted, *gone])
    assert lacking.total() == 6
    assert lacking.keys() <= {*store_client.topology().nodes}


def test_a_read_ends_at_its_oldest_time(store_client: StoreClient, store_url: str) -> None:
    posts = [LightPost(100 + age, 5, NOW - age, has_video=age % 2 == 0) for age in range(10)]
    EventWriter(store_client, KEYS, RETENTION).write(posts, NOW)

    async def read(depth: int, *, oldest: int | None, video: bool = False) -> list[int]:
        connections = NodeConnections(store_url, KEYS.buckets, timeout_seconds=5)
        found: dict[int, list[bytes]] = {}
        try:
            nodes, node_of_bucket, *_ = await connections.topology(NO_DEADLINE)
            depths, lists = {5: depth, 6: 1}, ListRange(video, oldest)
            pipelines = packer_of(KEYS).pack([*depths], [], depths, lists, node_of_bucket)
            for node, pipeline in pipelines.items():
                commands = pipeline.commands(packer_of(KEYS))
                assert commands
                replies = await connections.run(nodes[node], commands.packed, commands.replies, NO_DEADLINE)
                found.update(zip(pipeline.authors, replies, strict=True))
        finally:
            connections.close()
        assert found[6] == []
        return [post_id(member) for member in found[5]]

    assert asyncio.run(read(8, oldest=NOW - 3)) == [100, 101, 102, 103]
    assert asyncio.run(read(2, oldest=NOW - 3)) == [100, 101]
    assert asyncio.run(read(8, oldest=NOW - 3, video=True)) == [100, 102]
    assert asyncio.run(read(8, oldest=NOW + 1)) == []
    assert asyncio.run(read(8, oldest=None)) == list(range(100, 108))


def test_the_first_worker_lays_the_store_out(client: redis.Redis) -> None:
    assert read_layout(client) is None
    layout = initialise_layout(client, KEYS, 600)
    assert layout == initialise_layout(client, KEYS, 600) == check_layout(client, KEYS)
    assert (layout.version, layout.buckets, layout.post_hashes, layout.retention_seconds) == (1, 256, 65_536, 600)


def test_readers_see_all_or_nothing_of_a_new_layout(client: redis.Redis, redis_url: str) -> None:
    done = Event()

    def look() -> int:
        with redis.Redis.from_url(redis_url) as other:
            seen = 0
            while not done.is_set():
                seen += read_layout(other) is not None
            return seen

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for _ in range(200):
            client.delete(META.decode())
            initialise_layout(client, KEYS, 600)
        done.set()
        assert looking.result() > 0


@pytest.mark.parametrize("part", [{"lineage": "old"}, {"retention_seconds": 600}, {"version": 1, "buckets": 256}])
def test_a_layout_written_in_part_is_completed(client: redis.Redis, part: dict[str, str | int]) -> None:
    """As a worker left it that wrote one field while Redis was emptied."""
    for name, value in part.items():
        client.hset(META.decode(), name, value)
    assert check_layout(client, KEYS) is None, "servers wait for it"
    layout = initialise_layout(client, KEYS, 600)
    assert layout == check_layout(client, KEYS)
    assert layout.lineage != "old"


def test_a_layout_of_other_counts_in_part_is_left_as_it_is(client: redis.Redis) -> None:
    client.hset(META.decode(), mapping={"buckets": 512})
    with pytest.raises(StoreMismatch):
        initialise_layout(client, KEYS, 600)
    assert client.hgetall(META.decode()) == {b"buckets": b"512"}


def test_a_new_lineage_is_never_written_alone(client: redis.Redis) -> None:
    layout = initialise_layout(client, KEYS, 600)
    client.flushall()
    renewed = new_lineage(client, layout)
    assert renewed == check_layout(client, KEYS)
    assert renewed.lineage != layout.lineage


def test_a_hash_of_another_program_is_refused(client: redis.Redis) -> None:
    client.hset(META.decode(), "name", "value")
    with pytest.raises(StoreMismatch, match="not a layout of Thunder"):
        initialise_layout(client, KEYS, 600)
    assert client.hgetall(META.decode()) == {b"name": b"value"}


def test_only_ingest_raises_the_retention_and_none_lowers_it(client: redis.Redis) -> None:
    for retention, expected in ((600, 600), (900, 900), (300, 900)):
        initialise_layout(client, KEYS, retention)
        layout = read_layout(client)
        assert layout is not None
        assert layout.retention_seconds == expected


@pytest.mark.parametrize("keys", [KeySpace(512, 65_536), KeySpace(256, 1024)])
def test_other_counts_are_refused(client: redis.Redis, keys: KeySpace) -> None:
    initialise_layout(client, KEYS, 600)
    with pytest.raises(StoreMismatch, match="was created with"):
        initialise_layout(client, keys, 600)


def test_another_version_is_refused(client: redis.Redis) -> None:
    initialise_layout(client, KEYS, 600)
    client.hset(META.decode(), "version", 2)
    with pytest.raises(StoreMismatch, match="layout version 2"):
        check_layout(client, KEYS)


def test_a_redis_that_may_evict_is_refused(client: redis.Redis) -> None:
    check_eviction(client)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(StoreMismatch, match="allkeys-lru"):
            check_eviction(client)
    finally:
        client.config_set("maxmemory-policy", "noeviction")


def test_catch_up_counts_for_the_lineage_it_was_reported_for(client: redis.Redis) -> None:
    assert lagging_partitions(read_status(client), "a") == {}
    report_caught_up(client, "posts", 0, 2, "a", ttl_seconds=60)
    assert lagging_partitions(read_status(client), "a") == {"posts": [1]}
    report_caught_up(client, "posts", 1, 2, "a", ttl_seconds=60)
    assert lagging_partitions(read_status(client), "a") == {"posts": []}
    assert lagging_partitions(read_status(client), "b") == {"posts": [0, 1]}


def test_every_kind_of_write_leaves_ttls(store_client: StoreClient) -> None:
    # The fixture fails on keys without a TTL.
    writer = EventWriter(store_client, KEYS, RETENTION)
    posts = [LightPost(number, number % 7 + 1, NOW, has_video=True) for number in range(1, 50)]
    writer.write([*posts, PostDelete(3, 0), PostDelete(99, 0), AuthorDelete(2, NOW)], NOW)
    assert any(node.dbsize() for node in store_client.node_clients())


def test_a_set_that_another_worker_emptied_has_a_ttl_again(store_client: StoreClient) -> None:
    one, other = (EventWriter(store_client, KEYS, RETENTION) for _ in range(2))
    one.write([LightPost(1, 5, NOW, has_video=True)], NOW)
    other.write([PostDelete(1, 0)], NOW)
    one.write([LightPost(2, 5, NOW, has_video=True)], NOW)
    other.write([AuthorDelete(5, NOW)], NOW)
    one.write([LightPost(3, 5, NOW + 1, has_video=True)], NOW + 1)


def test_every_ttl_is_set_again_for_another_lineage(store_client: StoreClient) -> None:
    lineages = ["emptied"]
    writer = PostWriter(store_client, KEYS, RETENTION, lineage=lambda: lineages[-1])
    rows = [create_row(LightPost(number, number, NOW, has_video=True)) for number in range(1, 9)]
    writer.write(rows, NOW)
    for node in store_client.node_clients():
        node.flushall()
    lineages.append("filled again")
    writer.write(rows, NOW)


def test_a_repeat_and_another_create_beside_new_posts(store_client: StoreClient, store_url: str) -> None:
    writer = EventWriter(store_client, KEYS, RETENTION)
    repeat, taken = LightPost(1, 5, NOW), LightPost(2, 5, NOW)
    writer.write([repeat, taken, PostDelete(3, 0)], NOW)
    new = [LightPost(number, 6, NOW) for number in range(10, 20)]
    writer.write([*new[:5], repeat, taken._replace(author_id=6), LightPost(3, 6, NOW), *new[5:]], NOW)
    assert sorted(ids(asyncio.run(ask(store_url, [5, 6])))) == [1, 2, *range(10, 20)]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_batch_with_creates_of_an_id_and_its_delete(store_client: StoreClient, store_url: str, reverse: bool) -> None:
    writer = EventWriter(store_client, KEYS, RETENTION)
    batch = [LightPost(1, 5, NOW), LightPost(1, 6, NOW), PostDelete(1, 0), LightPost(2, 5, NOW)]
    writer.write([*reversed(batch)] if reverse else batch, NOW)
    assert ids(asyncio.run(ask(store_url, [5, 6]))) == [2]


def test_posts_older_than_retention_and_slack_leave_the_sets(store_client: StoreClient, store_url: str) -> None:
    writer = EventWriter(store_client, KEYS, RETENTION)
    writer.write([LightPost(1, 5, NOW)], NOW)
    later = NOW + 600 + 3601
    writer.write([LightPost(2, 5, later)], later)
    author = KEYS.author(5)
    assert store_client.run([NodeCommand(author.bucket, pack((b"ZCARD", author.posts)))]) == [1]
    assert ids(asyncio.run(ask(store_url, [5], later))) == [2]


def test_a_list_is_trimmed_to_its_cap_each_kind_by_itself(store_client: StoreClient, store_url: str) -> None:
    cap = 300
    writer = EventWriter(store_client, KEYS, RETENTION, list_cap=cap)
    originals = [LightPost(number, 5, NOW - 1000 + number, has_video=True) for number in range(500, 1000)]
    replies = [LightPost(number, 5, NOW - 500 + number // 10, is_reply=True) for number in range(1000, 3000)]
    for batch in (originals[:250], replies, originals[250:]):
        writer.write(batch, NOW)
    author = KEYS.author(5)
    posts, videos = store_client.run(
        [NodeCommand(author.bucket, pack((b"ZCARD", key))) for key in (author.posts, author.videos)]
    )
    assert 2 * cap <= posts <= 2 * cap + 128
    assert videos == cap
    newest_of_both = sorted((*range(950, 1000), *range(2970, 3000)))
    assert sorted(ids(asyncio.run(ask(store_url, [5])))) == newest_of_both


def test_an_author_delete_refuses_for_the_retention(store_client: StoreClient, store_url: str) -> None:
    writer = EventWriter(store_client, KEYS, RETENTION)
    last = NOW + RETENTION.seconds
    writer.write([AuthorDelete(5, deleted_at=last)], NOW)
    writer.write([LightPost(1, 5, last)], last)
    assert ids(asyncio.run(ask(store_url, [5], last))) == []
    writer.write([LightPost(2, 5, last)], last + 1)
    assert ids(asyncio.run(ask(store_url, [5], last + 1))) == [2]


def test_an_author_delete_that_is_applied_again_finds_posts_that_came_back(
    store_client: StoreClient, store_url: str
) -> None:
    """As after a loss: the records come from an older state of their node, the author's lists do not name them."""
    writer = EventWriter(store_client, KEYS, RETENTION)
    posts = [LightPost(number, 5, NOW) for number in range(1, 600)]
    writer.write(posts, NOW)
    fields = [(KEYS.post(post.post_id), record_field(post.post_id)) for post in posts]
    read = [NodeCommand(key.bucket, pack((b"HGET", key.hash, field))) for key, field in fields]
    records = [reply for reply in store_client.run(read) if isinstance(reply, bytes)]
    writer.write([AuthorDelete(5, NOW)], NOW)
    store_client.run(
        [
            NodeCommand(key.bucket, pack((b"HSET", key.hash, field, record)))
            for (key, field), record in zip(fields, records, strict=True)
        ]
    )
    replies = [LightPost(1000 + post.post_id, 6, NOW, post.post_id, 5, is_reply=True) for post in posts]
    writer.write([*replies, AuthorDelete(5, NOW)], NOW)
    assert ids(asyncio.run(ask(store_url, [6]))) == []


def test_a_create_after_its_tombstone_expired_is_stored(store_client: StoreClient, store_url: str) -> None:
    writer = EventWriter(store_client, KEYS, RETENTION)
    writer.write([PostDelete(1, 0)], NOW)
    writer.write([LightPost(1, 5, NOW), LightPost(1, 6, NOW + 1)], NOW + 300)
    assert ids(asyncio.run(ask(store_url, [5, 6], NOW + 300))) == []
    later = NOW + RETENTION.seconds + 1
    writer.write([LightPost(1, 6, NOW + 1)], later)
    assert ids(asyncio.run(ask(store_url, [5, 6], later))) == [1]


def test_scripts_are_loaded_again_after_a_flush(store_client: StoreClient, store_url: str) -> None:
    writer = EventWriter(store_client, KEYS, RETENTION)
    writer.write([LightPost(1, 5, NOW)], NOW)
    for node in store_client.node_clients():
        node.script_flush()
    writer.write([LightPost(2, 5, NOW)], NOW)
    assert ids(asyncio.run(ask(store_url, [5]))) == [2, 1]


def test_nothing_listens() -> None:
    url = f"redis://127.0.0.1:{free_port()}"
    with pytest.raises(StoreUnavailable, match="does not answer"):
        EventWriter(StoreClient(url, KEYS.buckets, 1), KEYS, RETENTION).write([LightPost(1, 5, NOW)], NOW)
    with pytest.raises(StoreUnavailable):
        asyncio.run(ask(url, [5]))


def test_dead_shard_holds_back_its_own_writes_only(redis_cluster: RedisCluster, redis_cluster_url: str) -> None:
    posts = [LightPost(number, number, NOW) for number in range(1, 200)]
    store_client = StoreClient(redis_cluster_url, KEYS.buckets, timeout_seconds=1)
    writer = EventWriter(store_client, KEYS, RETENTION)
    writer.write(posts[:100], NOW)
    authors = [post.author_id for post in posts]
    with redis_cluster.nodes[1].frozen():
        with pytest.raises(StoreUnavailable):
            writer.write(posts, NOW)
        answer = asyncio.run(ask(redis_cluster_url, authors, timeout_seconds=1))
        assert answer.partial
        assert 0 < answer.scored.posts < len(posts)
    writer.write(posts, NOW)
    store_client.close()
    complete = asyncio.run(ask(redis_cluster_url, authors))
    assert not complete.partial
    assert complete.scored.posts == len(posts)


def test_the_sample_estimates_what_the_store_holds(store_client: StoreClient) -> None:
    keys = KeySpace(buckets=256, post_hashes=64)  # all of them are sampled
    posts = [LightPost(number, number % 100 + 1, NOW, is_reply=number % 4 == 0) for number in range(1, 1001)]
    EventWriter(store_client, keys, RETENTION).write(
        [*posts, *(PostDelete(number, 0) for number in range(2, 102, 4))], NOW
    )
    found = sample_store(store_client, keys)
    assert found._replace(users=0) == StoreEstimate(0, 975, 725, 250, 0, 25)
    assert 50 <= found.users <= 150  # 100, from a sample of the keys
