"""What servers read of a store that has lost something: no deleted post, and no answer that is short and unmarked."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import redis
from redis.crc import key_slot

from common.errors import StoreFilling, StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import Retention
from common.settings.serve import ServeSettings
from common.store.address import Node
from common.store.keys import bucket_tag
from common.store.marks import MarkKind
from ingest.events import PostDelete
from serve.deadline import Deadline
from serve.store.serving_store import ServingStore
from serve.timeline.read_core import ReadCore
from serve.timeline.timeline import Fetcher, Timelines
from tests.support.conformance.scenarios import query_of
from tests.support.in_loop import in_loop, soon
from tests.support.redis.marked_store import BUCKETS, KEYS, POSTS, POSTS_AND_FOLLOWS, RETENTION_SECONDS, MarkedStore
from tests.support.redis.replicated import Pair, redis_pair
from tests.support.redis.servers import RedisCluster, RedisServer
from tests.support.serving.rpc import get_in_network_posts
from tests.support.serving.serve_thread import ServeThread
from tests.support.wait import eventually

AUTHORS = range(1, 41)
DELETED, KEPT = 1_000_000, 2_000_000
"""Post ids of author N are DELETED + N and KEPT + N."""

PARENT, REPLY = 5_000_000, 6_000_000
RETENTION = Retention(RETENTION_SECONDS)


def posts_of(authors: Iterable[int], first: int) -> list[LightPost]:
    now = int(time.time())
    return [LightPost(first + author, author, now - 100 - first // DELETED) for author in authors]


def ids(authors: Iterable[int], first: int = KEPT) -> set[int]:
    return {first + author for author in authors}


class Interrupted:
    """A fetcher that lets something happen before the second round of a request."""

    def __init__(self, fetcher: Fetcher, between: Callable[[], object]) -> None:
        self._fetcher = fetcher
        self._between = between
        self.rounds = 0

    async def read_part(self, core: ReadCore, deadline: Deadline) -> None:
        self.rounds += 1
        if self.rounds == 2:
            self._between()
        await self._fetcher.read_part(core, deadline)


class Found(NamedTuple):
    """Ids of the posts of an answer."""

    posts: set[int]
    partial: bool


class Reader:
    """A server's store, looked at only when the test says so."""

    def __init__(self, url: str) -> None:
        settings = {"redis_url": url, "follow_store": True, "redis_timeout_ms": 2000}
        self.store = ServingStore(ServeSettings.model_validate(settings))

    async def look(self) -> str:
        """Look at the store as a server does twice a second; what is left out, in words."""
        verdict = self.store.gate.evaluate(await self.store.status())
        return str(verdict.left_out) if verdict.left_out.exists else ""

    async def read(self, authors: Iterable[int] = AUTHORS) -> Found:
        query = query_of(GetInNetworkPostsRequest(following_user_ids=authors, max_results=1000))
        answer = await self.store.timelines.read(query, int(time.time()))
        posts = GetInNetworkPostsResponse.FromString(answer.body).posts
        return Found({post.post_id for post in posts}, answer.partial)

    async def read_interrupted(self, author: int, between: Callable[[], object]) -> Found:
        """Read in two rounds, with something that happens between them."""
        store = self.store
        store.timelines = Timelines(interrupted := Interrupted(store.fetcher, between), RETENTION, 64 << 20)
        found = await self.read([author])
        assert interrupted.rounds == 2
        return found

    async def following(self, viewer: int) -> list[int]:
        assert self.store.follows
        return await self.store.follows.following(viewer, 100)


@asynccontextmanager
async def reader_of(url: str) -> AsyncGenerator[Reader]:
    reader = Reader(url)
    try:
        await reader.look()
        yield reader
    finally:
        reader.store.close()


@contextmanager
def marked(url: str, kinds: Iterable[MarkKind] = POSTS_AND_FOLLOWS) -> Generator[MarkedStore]:
    """A store with two posts of each author and its marks."""
    store = MarkedStore(url, kinds)
    try:
        store.write(*posts_of(AUTHORS, DELETED), *posts_of(AUTHORS, KEPT))
        store.mark()
        yield store
    finally:
        store.close()


def write_reply(store: MarkedStore, author: int) -> None:
    """A reply of the author to an original of one who is not followed: shown as long as that is not deleted."""
    now = int(time.time())
    store.write(LightPost(PARENT, 999, now - 50), LightPost(REPLY, author, now - 40, PARENT, 999, is_reply=True))
    assert KEYS.post(PARENT).bucket != KEYS.author(author).bucket


def delete_posts(store: MarkedStore) -> None:
    store.write(*(PostDelete(DELETED + author, int(time.time())) for author in AUTHORS))


def authors_of(buckets: Iterable[int]) -> list[int]:
    held = frozenset(buckets)
    return [author for author in AUTHORS if KEYS.author(author).bucket in held]


def kept_in(buckets: Iterable[int]) -> set[int]:
    """Posts that may be shown when only these buckets are whole: that of the author and that of the post's record."""
    held = frozenset(buckets)
    return {post for post in ids(authors_of(held)) if KEYS.post(post).bucket in held}


def client_of(node: Node) -> redis.Redis:
    return redis.Redis(host=node.host, port=node.port)


@in_loop
async def test_whole_buckets_are_read_and_no_others(store_url: str) -> None:
    with marked(store_url) as store:
        delete_posts(store)
        async with reader_of(store_url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)
            store.stamp(BUCKETS[:128], offset=10, whole_at=11)
            assert "posts of 128 and follow lists of 128 buckets out of 256 are left out" in await reader.look()
            assert await reader.read() == (kept_in(BUCKETS[128:]), True)
            with pytest.raises(StoreFilling):
                await reader.read(authors_of(BUCKETS[:128]))
            store.stamp(BUCKETS[:128], offset=11, whole_at=11)
            assert not await reader.look()
            assert await reader.read() == (ids(AUTHORS), False)


@in_loop
async def test_request_finds_marks_that_changed_since_the_last_look(store_url: str) -> None:
    with marked(store_url) as store:
        async with reader_of(store_url) as reader:
            store.stamp(offset=10, whole_at=11)
            with pytest.raises(StoreFilling):
                await reader.read()


@in_loop
async def test_emptied_node_is_left_out_by_the_very_next_request(store_url: str) -> None:
    with marked(store_url) as store:
        delete_posts(store)
        async with reader_of(store_url) as reader:
            for node, buckets in store.nodes():
                assert await reader.read() == (ids(AUTHORS), False)
                with client_of(node) as client:
                    client.flushall()
                others = kept_in(frozenset(BUCKETS).difference(buckets))
                if not others:
                    with pytest.raises(StoreFilling):
                        await reader.read()
                    return
                assert await reader.read() == (others, True)
                assert await reader.read() == (others, True)
                break


@in_loop
async def test_reconnect_without_loss_leaves_no_answer_partial(store_url: str) -> None:
    with marked(store_url) as store:
        async with reader_of(store_url) as reader:
            whole = await reader.read()
            assert not whole.partial
            for node, _ in store.nodes():
                with client_of(node) as client:
                    client.client_kill_filter(_type="normal", skipme=True)
            assert await reader.read() == whole
            assert not await reader.look()


@pytest.fixture
def own_server(tmp_path: Path) -> Generator[RedisServer]:
    server = RedisServer(tmp_path, {"save": "3600 1"})
    yield server
    server.kill()


@in_loop
async def test_restart_from_an_older_snapshot_shows_no_deleted_post(own_server: RedisServer) -> None:
    with marked(own_server.url) as store:
        own_server.command("SAVE")
        delete_posts(store)
        async with reader_of(own_server.url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)
            own_server.restart()
            for _ in range(3):  # no worker is alive
                with pytest.raises(StoreFilling):
                    await reader.read()
                assert "was restarted" in await reader.look()
            delete_posts(store)
            store.stamp(BUCKETS[:100])
            assert "posts of 156 " in await reader.look()
            assert await reader.read() == (kept_in(BUCKETS[:100]), True)
            store.stamp()
            assert not await reader.look()
            assert await reader.read() == (ids(AUTHORS), False)


@in_loop
async def test_first_connection_to_a_restarted_server_shows_no_deleted_post(own_server: RedisServer) -> None:
    with marked(own_server.url) as store:
        own_server.command("SAVE")
        delete_posts(store)
        own_server.restart()
        async with reader_of(own_server.url) as reader:
            with pytest.raises(StoreFilling):
                await reader.read()
            assert not reader.store.gate.evaluate(await reader.store.status()).ready


@in_loop
async def test_connection_renewed_between_two_rounds_costs_nothing(store_url: str) -> None:
    with marked(store_url) as store:
        write_reply(store, AUTHORS[0])

        def disconnect() -> None:
            for node, _ in store.nodes():
                with client_of(node) as client:
                    client.client_kill_filter(_type="normal", skipme=True)

        async with reader_of(store_url) as reader:
            found = await reader.read_interrupted(AUTHORS[0], disconnect)
        assert found == ({DELETED + AUTHORS[0], KEPT + AUTHORS[0], REPLY}, False)


@in_loop
async def test_loss_between_two_rounds_shows_no_reply_to_a_deleted_post(own_server: RedisServer) -> None:
    with marked(own_server.url) as store:
        write_reply(store, AUTHORS[0])
        own_server.command("SAVE")
        store.write(PostDelete(PARENT, int(time.time())))
        delete_posts(store)
        async with reader_of(own_server.url) as reader:
            assert await reader.read_interrupted(AUTHORS[0], own_server.restart) == ({KEPT + AUTHORS[0]}, True)


@in_loop
async def test_no_request_shows_a_deleted_post_while_a_server_restarts_often(own_server: RedisServer) -> None:
    with marked(own_server.url) as store:
        own_server.command("SAVE")
        delete_posts(store)
        answers, failures, ended = list[Found](), list[StoreUnavailable](), asyncio.Event()

        async def ask(reader: Reader) -> None:
            while not ended.is_set():
                try:
                    answers.append(await reader.read())
                except StoreUnavailable as failure:
                    failures.append(failure)
                    await asyncio.sleep(0.001)  # a loop that never rests keeps the other threads from working

        async def look(reader: Reader) -> None:
            while not ended.is_set():
                await reader.look()

        async with reader_of(own_server.url) as reader:
            tasks = [asyncio.create_task(ask(reader)) for _ in range(4)] + [asyncio.create_task(look(reader))]
            for _ in range(4):
                await asyncio.to_thread(own_server.restart)
                failures.clear()
                await soon(lambda: any(isinstance(failure, StoreFilling) for failure in failures), "a first look")
                await asyncio.to_thread(delete_posts, store)
                await asyncio.to_thread(store.stamp)
                before = len(answers)
                await soon(lambda before=before: len(answers) > before + 10, "answers")
            ended.set()
            await asyncio.gather(*tasks)
    assert answers
    assert all(found.posts <= ids(AUTHORS) for found in answers)
    assert all(found.partial or found.posts == ids(AUTHORS) for found in answers)


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with redis_pair(tmp_path) as pair:
        yield pair


def leave_behind(pair: Pair, store: MarkedStore) -> None:
    """Delete posts that the replica does not learn of, and let the replica be a master."""
    pair.wait_until_equal()
    pair.second.command("REPLICAOF", "NO", "ONE")
    delete_posts(store)


@in_loop
async def test_late_replica_that_takes_over_shows_no_deleted_post(pair: Pair) -> None:
    url = f"{pair.first.url},127.0.0.1:{pair.second.port}"
    with marked(pair.first.url) as store:
        leave_behind(pair, store)
        async with reader_of(url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)
            pair.first.kill()
            for _ in range(5):
                with pytest.raises(StoreUnavailable):
                    await reader.read()
            assert "no worker has confirmed" in await reader.look()
            with pytest.raises(StoreFilling):
                await reader.read()
    with marked(pair.second.url) as store:  # the lost deletes are read from Kafka again
        delete_posts(store)
        async with reader_of(url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)


@in_loop
async def test_master_that_is_demoted_meanwhile_is_not_read(pair: Pair) -> None:
    with marked(pair.first.url) as store:
        leave_behind(pair, store)
        async with reader_of(pair.first.url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)
            pair.first.command("REPLICAOF", "127.0.0.1", pair.second.port)
            eventually(lambda: has_deleted_posts(pair.first), "the data of the late replica")
            with pytest.raises(StoreFilling):
                await reader.read()
            assert "is a replica" in await reader.look()
            pair.first.command("REPLICAOF", "NO", "ONE")
            with pytest.raises(StoreFilling):
                await reader.read()


@in_loop
async def test_demotion_and_promotion_between_two_requests_are_noticed(pair: Pair) -> None:
    with marked(pair.first.url) as store:
        leave_behind(pair, store)
        async with reader_of(pair.first.url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)
            pair.first.command("REPLICAOF", "127.0.0.1", pair.second.port)
            eventually(lambda: has_deleted_posts(pair.first), "the data of the late replica")
            pair.first.command("REPLICAOF", "NO", "ONE")
            with pytest.raises(StoreFilling):
                await reader.read()


def has_deleted_posts(server: RedisServer) -> bool:
    try:
        return server.command("ZCARD", KEYS.author(AUTHORS[0]).posts.decode()) == 2
    except redis.RedisError:  # it is loading
        return False


@in_loop
async def test_store_without_registered_marks_is_read_as_before(store_url: str) -> None:
    with marked(store_url, POSTS) as store:
        delete_posts(store)
        store.unregister()
        store.stamp(offset=10, whole_at=11)
        async with reader_of(store_url) as reader:
            assert await reader.read() == (ids(AUTHORS), False)
            store.register(age_seconds=RETENTION_SECONDS + 3700)
            assert not await reader.look()
            assert await reader.read() == (ids(AUTHORS), False)
            store.register()
            assert "posts of 256 " in await reader.look()
            with pytest.raises(StoreFilling):
                await reader.read()
            store.unregister()  # its hash was lost and written again
            assert "posts of 256 " in await reader.look()
            with pytest.raises(StoreFilling):
                await reader.read()


@in_loop
async def test_marks_of_another_lineage_count_for_nothing(store_url: str) -> None:
    with marked(store_url) as store:
        store.lineage = "0123456789abcdef"
        store.stamp()
        async with reader_of(store_url) as reader:
            assert "posts of 256 " in await reader.look()
            with pytest.raises(StoreFilling):
                await reader.read()


@in_loop
async def test_partition_that_is_registered_later_is_expected(store_url: str) -> None:
    with marked(store_url):
        more = MarkedStore(store_url, POSTS_AND_FOLLOWS, partitions=3)
        async with reader_of(store_url) as reader:
            more.register()
            assert "has lost posts" in await reader.look()
            more.stamp()
            assert not await reader.look()
            assert not (await reader.read()).partial
        more.close()


@in_loop
async def test_parents_in_buckets_that_are_left_out_are_not_looked_up(store_url: str) -> None:
    with marked(store_url) as store:
        author = AUTHORS[0]
        write_reply(store, author)
        async with reader_of(store_url) as reader:
            assert await reader.read([author]) == ({DELETED + author, KEPT + author, REPLY}, False)
            store.stamp([KEYS.post(PARENT).bucket], offset=10, whole_at=11)
            await reader.look()
            assert await reader.read([author]) == ({DELETED + author, KEPT + author}, True)


@in_loop
async def test_posts_whose_tombstone_may_be_lost_are_left_out(store_url: str) -> None:
    with marked(store_url) as store:
        author = AUTHORS[0]
        bucket = KEYS.post(DELETED + author).bucket
        assert bucket not in {KEYS.author(author).bucket, KEYS.post(KEPT + author).bucket}
        async with reader_of(store_url) as reader:
            store.stamp([bucket], offset=10, whole_at=11)
            await reader.look()
            assert await reader.read([author]) == ({KEPT + author}, True)


@in_loop
async def test_loss_on_a_node_that_a_request_does_not_ask_is_known_once_all_ids_change(store_url: str) -> None:
    with marked(store_url) as store:
        author = AUTHORS[0]
        async with reader_of(store_url) as reader:
            assert (await reader.read([author])).posts == {DELETED + author, KEPT + author}
            store.stamp([KEYS.post(DELETED + author).bucket], offset=10, whole_at=11)
            store.change_ids()
            assert await reader.read([author]) == ({KEPT + author}, True)


@in_loop
async def test_parents_whose_author_may_be_deleted_do_not_count(store_url: str) -> None:
    with marked(store_url) as store:
        author = AUTHORS[0]
        write_reply(store, author)
        async with reader_of(store_url) as reader:
            store.stamp([KEYS.author(999).bucket], offset=10, whole_at=11)
            await reader.look()
            assert await reader.read([author]) == ({DELETED + author, KEPT + author}, True)


@in_loop
async def test_follow_lists_of_buckets_that_are_left_out_are_unavailable(store_url: str) -> None:
    with marked(store_url) as store:
        viewer, other = 1, 2
        store.follow(viewer, 10, 11)
        async with reader_of(store_url) as reader:
            assert sorted(await reader.following(viewer)) == [10, 11]
            assert await reader.following(other) == []
            bucket = KEYS.viewer(viewer).bucket
            store.stamp([bucket], offset=10, whole_at=11)
            with pytest.raises(StoreFilling):
                await reader.following(viewer)
            assert await reader.following(other) == []
            store.stamp([bucket])
            await reader.look()
            assert sorted(await reader.following(viewer)) == [10, 11]
            for node, _ in store.nodes():
                with client_of(node) as client:
                    client.client_kill_filter(_type="normal", skipme=True)
            assert sorted(await reader.following(viewer)) == [10, 11]
            for node, _ in store.nodes():
                with client_of(node) as client:
                    client.flushall()
            for asked in (viewer, other):
                with pytest.raises(StoreFilling):
                    await reader.following(asked)


@in_loop
async def test_moved_bucket_is_left_out_until_it_is_stamped(
    redis_cluster: RedisCluster, redis_cluster_url: str
) -> None:
    author = AUTHORS[0]
    bucket = KEYS.author(author).bucket
    slot = key_slot(bucket_tag(bucket))
    with marked(redis_cluster_url) as store:
        home = next(node for node, buckets in store.nodes() if bucket in buckets)
        source, target = sorted(redis_cluster.nodes, key=lambda node: node.port != home.port)[:2]
        async with reader_of(redis_cluster_url) as reader:
            for here, there in ((source, target), (target, source)):
                assert await reader.read([author]) == ({DELETED + author, KEPT + author}, False)
                redis_cluster.move_slot(slot, there)
                for _ in range(3):
                    with pytest.raises(StoreUnavailable):
                        await reader.read([author])
                assert "took over slots" in await reader.look(), here.port
                assert (await reader.read()).partial
                store.stamp([bucket])
                assert not await reader.look()


def test_server_stays_ready_and_says_what_it_leaves_out(store_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "thunder.serve")
    served = ServeThread(redis_url=store_url)
    request = GetInNetworkPostsRequest(following_user_ids=AUTHORS, max_results=1000)
    with marked(store_url) as store:
        store.stamp(offset=10, whole_at=11)
        address = served.start()
        eventually(lambda: "is being refilled" in (served.state.not_ready() or ""), "the first readiness waits")
        store.stamp()
        eventually(lambda: served.state.not_ready() is None, "ready")
        assert not get_in_network_posts(address, request).partial
        store.stamp(BUCKETS[:100], offset=10, whole_at=11)
        eventually(served.state.limits, "some buckets are left out")
        assert served.registry.get_sample_value("serve_buckets_left_out", {"kind": "posts"}) == 100
        answer = get_in_network_posts(address, request)
        assert answer.partial
        assert {post.post_id for post in answer.posts} & ids(AUTHORS) == kept_in(BUCKETS[100:])
        store.stamp()
        eventually(lambda: served.state.limits() is None, "all are served again")
        assert not get_in_network_posts(address, request).partial
        assert served.state.not_ready() is None
    served.end()
    assert caplog.text.count("Answers are partial: posts of 100 ") == 1
    assert caplog.text.count("All buckets are served again") == 1
