"""The client against a real server, and the fake server against the real one."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.post import LightPost as StoredPost
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.filled_store import fill_store
from tests.support.redis.servers import RedisServer
from tests.support.wait import eventually
from thunder_client import (
    Adjustment,
    AdjustmentKind,
    AsyncThunderClient,
    CapacityError,
    InvalidRequestError,
    LightPost,
    Position,
    PostQuery,
    ThunderClient,
    Timeline,
)
from thunder_client.fake_server import FakeServer
from thunder_client.query import request_of

VIEWER, AUTHORS = 1, (2, 3, 4)
NOW = int(time.time())


def some_posts() -> list[StoredPost]:
    """Originals, reposts and videos, some of the same second, and replies that the reply filter passes."""
    posts: list[StoredPost] = []
    for number in range(1, 61):
        author, created_at, kind = AUTHORS[number % 3], NOW - 1000 + number // 2, number % 5
        posts.append(
            StoredPost(
                post_id=number,
                author_id=author,
                created_at=created_at,
                is_retweet=kind == 1,
                source_user_id=(VIEWER if number % 2 else 9) if kind == 1 else None,
                source_post_id=1000 if kind == 1 else None,
                is_reply=kind == 2,
                in_reply_to_user_id=AUTHORS[0] if kind == 2 else None,
                has_video=kind == 3,
            )
        )
    return posts


def on_the_wire(posts: Sequence[StoredPost]) -> list[LightPost]:
    return [LightPost(**{key: value for key, value in post._asdict().items() if value is not None}) for post in posts]


@pytest.fixture
def posts(redis_url: str) -> list[StoredPost]:
    fill_store(redis_url, posts := some_posts())
    return posts


@pytest.fixture
def server(thunder: Thunder, redis_url: str, posts: list[StoredPost]) -> Role:
    role = thunder.start("serve", "--redis-url", redis_url)
    role.wait_until_ready()
    return role


def target_of(role: Role) -> str:
    return f"dns:///localhost:{role.grpc_port}"


def ids(timeline: Timeline) -> list[int]:
    return [post.post_id for post in timeline.posts]


QUERIES: dict[str, PostQuery] = {
    "all": {},
    "some": {"max_results": 7},
    "videos": {"videos": True},
    "excluded posts": {"exclude_posts": [60, 59]},
    "excluded authors": {"exclude_authors": [2, 9]},
    "no replies": {"exclude_replies": True},
    "no reposts": {"exclude_reposts": True},
    "new ones": {"created_after": NOW - 985},
    "limits per author": {"max_posts_per_author": 3, "max_replies_reposts_per_author": 0},
}


def test_the_fake_server_answers_as_a_real_one(server: Role, posts: list[StoredPost]) -> None:
    with (
        FakeServer(on_the_wire(posts)) as fake,
        ThunderClient(fake.target) as of_fake,
        ThunderClient(target_of(server)) as client,
    ):
        for name, query in QUERIES.items():
            whole: PostQuery = {**query, "user_id": VIEWER, "following": AUTHORS}
            expected = client.call(request_of(**whole))
            assert expected.posts, name
            assert of_fake.call(request_of(**whole)) == expected, name


def test_pages_are_the_timeline_in_pieces(server: Role) -> None:
    with ThunderClient(target_of(server)) as client:
        whole = client.timeline(user_id=VIEWER, following=AUTHORS)
        pages = list(client.pages(user_id=VIEWER, following=AUTHORS, max_results=7))
    assert len(pages) > 3
    assert [post_id for page in pages for post_id in ids(page)] == ids(whole)


def test_a_refresh_finds_what_was_stored_since(server: Role, redis_url: str) -> None:
    async def refresh() -> None:
        async with AsyncThunderClient(target_of(server)) as client:
            timeline = await client.timeline(user_id=VIEWER, following=AUTHORS)
            newest = timeline.posts[0].created_at
            late = StoredPost(post_id=201, author_id=2, created_at=newest - 5)
            fill_store(redis_url, [StoredPost(post_id=200, author_id=2, created_at=newest + 5), late])
            fresh = await client.refresh(timeline, user_id=VIEWER, following=AUTHORS)
            assert [post.post_id for post in fresh.posts] == [200, 201]
            assert not (await client.refresh(fresh.cursor, user_id=VIEWER, following=AUTHORS)).posts

    asyncio.run(refresh())


INVALID: dict[str, PostQuery] = {
    "user_id": {"user_id": 2**63},
    "created_after": {"created_after": -1},
    "before.post_id": {"before": Position(created_at=1)},
    "before.created_at": {"before": Position(post_id=1)},
}
TOO_LARGE: dict[str, PostQuery] = {
    "max_request_bytes": {"exclude_posts": range(10**18, 10**18 + 150_000)},
}


def fields_refused(client: ThunderClient, query: PostQuery) -> list[str]:
    with pytest.raises(InvalidRequestError) as raised:
        client.timeline(**query)
    return [field.name for field in raised.value.fields]


def test_an_invalid_request_names_its_field(server: Role) -> None:
    with ThunderClient(target_of(server)) as client, FakeServer() as fake, ThunderClient(fake.target) as of_fake:
        for name, query in INVALID.items():
            assert fields_refused(client, query) == [name]
            assert fields_refused(of_fake, query) == [name]
        for name, query in TOO_LARGE.items():
            assert fields_refused(client, query) == [name]


def test_adjustments_are_in_the_timeline(server: Role) -> None:
    with ThunderClient(target_of(server)) as client:
        timeline = client.timeline(following=[0, *AUTHORS])
    adjustment = Adjustment(kind=AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_DROPPED, given=4, used=3)
    assert timeline.adjustments == (adjustment,)


def test_a_server_at_capacity_says_when_to_retry(
    thunder: Thunder, redis_url: str, posts: list[StoredPost], redis_server: RedisServer
) -> None:
    role = thunder.start(
        "serve", "--redis-url", redis_url, "--max-concurrent-requests", "1", "--redis-timeout-ms", "60000"
    )
    role.wait_until_ready()
    with ThreadPoolExecutor() as pool, ThunderClient(target_of(role), timeout=10) as client:
        with redis_server.frozen():
            busy = pool.submit(client.timeline, following=AUTHORS, timeout=60)
            eventually(lambda: role.metrics().value("in_flight_requests") == 1, "the server is busy")
            with pytest.raises(CapacityError) as raised:
                client.timeline(following=AUTHORS)
        assert busy.result(30).posts
    assert raised.value.retry_after is not None
    assert raised.value.retry_after > 0
