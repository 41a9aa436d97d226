"""The work of one script call on stores of the worst shapes: redis.calls and elements read, counted within Redis.

Each script runs inside a wrapper that counts. A call must stay near 10 ms: Redis answers no one else meanwhile.
"""

from collections.abc import Iterator
from typing import NamedTuple, cast

import pytest
import redis

from common.post import LightPost
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.member import encode_member
from common.store.record import encode_record, record_field
from common.store.scripts import (
    ADD_POSTS,
    APPLY_FOLLOWS,
    CLAIM_POSTS,
    ERASE_AUTHOR,
    HASHES_PER_SWEEP,
    MOST_PER_CALL,
    POSTS_PER_CALL,
    REMOVE_POSTS,
    SWEEP_HASHES,
    FollowBounds,
    FollowChange,
    Removal,
    Script,
    apply_follows,
    erase_author,
    remove_posts,
)
from ingest.events import AuthorDelete
from tests.integration.store.script_calls import DELETE, Addition, Claim, add_call, claim_call, sweep_call
from tests.support.redis.event_writer import EventWriter

KEYS = KeySpace()
NOW = 1_790_000_000
RETENTION = Retention(172_800, 60)
CAP = 5000
AUTHOR = KEYS.author(7)
MOST_CALLS = 8 * MOST_PER_CALL
MOST_ELEMENTS = 2 * CAP + 5 * MOST_PER_CALL

_COUNTING = """
local real, calls, elements = redis, 0, 0
local redis = setmetatable({ call = function(...)
  local reply = real.call(...)
  calls, elements = calls + 1, elements + (type(reply) == 'table' and #reply or 0)
  return reply
end }, { __index = real })
local function script() %s
end
script()
return { calls, elements }
"""


class Work(NamedTuple):
    calls: int
    elements: int


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.flushall()


def work_of(client: redis.Redis, script: Script, packed: bytes) -> Work:
    """Run a packed EVALSHA as an EVAL that counts."""
    words = packed.split(b"\r\n")
    values: list[bytes] = []
    at, rest = 0, packed[len(words[0]) + 2 :]
    while at < len(rest):
        end = rest.index(b"\r\n", at)
        size = int(rest[at + 1 : end])
        values.append(rest[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    counting = _COUNTING % script.source
    return Work(*cast("list[int]", client.execute_command("EVAL", counting, *values[2:])))


def fill(client: redis.Redis, key: bytes, members: dict[bytes, int]) -> None:
    entries = list(members.items())
    for first in range(0, len(entries), 10_000):
        client.zadd(key, dict(entries[first : first + 10_000]))  # type: ignore[arg-type]


def posts(count: int, *, first: int = 1, created_at: int = NOW, is_reply: bool = False) -> list[LightPost]:
    return [LightPost(number, 7, created_at, is_reply=is_reply) for number in range(first, first + count)]


def members(of: list[LightPost]) -> dict[bytes, int]:
    return {encode_member(post): post.created_at for post in of}


def test_a_second_with_5000_deleted_posts(client: redis.Redis) -> None:
    stored = posts(5000)
    fill(client, AUTHOR.posts, members(stored))
    removals = [Removal(AUTHOR, NOW, post.post_id, NOW) for post in stored[:MOST_PER_CALL]]
    work = work_of(client, REMOVE_POSTS, remove_posts(removals, RETENTION, NOW))
    assert work.calls <= MOST_CALLS
    assert work.elements == 0
    assert client.zcard(AUTHOR.posts) == 5000 - MOST_PER_CALL


def test_deletions_that_expire_together(client: redis.Redis) -> None:
    fill(client, AUTHOR.deletions, {b"%09d" % number: 1 for number in range(100_000)})
    work_of(client, REMOVE_POSTS, remove_posts([Removal(AUTHOR, NOW, 1, NOW)], RETENTION, NOW))
    assert client.zcard(AUTHOR.deletions) == 100_001 - MOST_PER_CALL


@pytest.mark.parametrize("kind", ["full", "far too large"])
def test_an_author_whose_set_is(client: redis.Redis, kind: str) -> None:
    each = CAP if kind == "full" else 50_000
    stored = [*posts(each), *posts(each, first=200_000, is_reply=True)]
    fill(client, AUTHOR.posts, members(stored))
    fill(client, AUTHOR.videos, members(stored))
    new = [Addition(AUTHOR, post, is_video=True) for post in posts(MOST_PER_CALL, first=400_000)]
    work = work_of(client, ADD_POSTS, add_call(new, RETENTION, CAP, NOW, due=(AUTHOR.posts, AUTHOR.videos)))
    assert work.calls <= MOST_CALLS
    assert work.elements <= MOST_ELEMENTS
    assert client.zcard(AUTHOR.posts) < len(stored) + len(new)


def test_a_set_that_is_far_too_large_shrinks_to_its_caps(client: redis.Redis) -> None:
    fill(client, AUTHOR.posts, members([*posts(4000), *posts(9000, first=200_000, is_reply=True)]))
    for first in range(400_000, 412_000, MOST_PER_CALL):
        new = [Addition(AUTHOR, post) for post in posts(MOST_PER_CALL, first=first)]
        work_of(client, ADD_POSTS, add_call(new, RETENTION, CAP, NOW, due=(AUTHOR.posts,)))
    assert client.zcard(AUTHOR.posts) <= 2 * CAP + MOST_PER_CALL


def test_many_authors_whose_sets_are_full_at_once(client: redis.Redis) -> None:
    authors = [KEYS.author(number) for number in range(1, 21)]
    for author in authors:
        fill(client, author.posts, members(posts(CAP + 127)))
    new = [Addition(author, post) for author in authors for post in posts(1, first=400_000)]
    due = [author.posts for author in authors]
    work = work_of(client, ADD_POSTS, add_call(new, RETENTION, CAP, NOW, due=due))
    assert work.elements <= MOST_ELEMENTS


@pytest.mark.parametrize(
    ("deleting", "most_calls"),
    [
        (range(0), POSTS_PER_CALL + 1),
        (range(1), POSTS_PER_CALL + 10),
        (range(0, POSTS_PER_CALL, 2), 4 * POSTS_PER_CALL),
        (range(POSTS_PER_CALL), 3 * POSTS_PER_CALL + 1),
    ],
)
def test_only_authors_with_deletions_cost_more(client: redis.Redis, deleting: range, most_calls: int) -> None:
    authors = [KEYS.author(number) for number in range(POSTS_PER_CALL)]
    for number, author in enumerate(authors):
        fill(client, author.posts, members(posts(1)))
        if number in deleting:
            fill(client, author.deletions, {b"%09d" % number: NOW for number in range(MOST_PER_CALL)})
    new = [Addition(author, post) for author in authors for post in posts(1, first=400_000)]
    work = work_of(client, ADD_POSTS, add_call(new, RETENTION, CAP, NOW))
    assert work.calls <= most_calls
    assert work.elements <= 3 * POSTS_PER_CALL
    assert [client.zcard(author.posts) for author in authors] == [2] * POSTS_PER_CALL


def test_an_author_delete_of_100000_posts(client: redis.Redis, redis_url: str) -> None:
    stored = [post._replace(author_id=7) for post in posts(100_000)]
    fill(client, AUTHOR.posts, members(stored))
    packed = erase_author(AUTHOR, NOW, RETENTION, NOW)
    work = work_of(client, ERASE_AUTHOR, packed)
    assert work.elements <= 2 * MOST_PER_CALL
    shards = StoreClient(redis_url, KEYS.buckets, timeout_seconds=10)
    EventWriter(shards, KEYS, RETENTION).write([AuthorDelete(7, NOW)], NOW)
    shards.close()
    assert client.zcard(AUTHOR.posts) == 0


def test_hashes_that_are_far_too_large(client: redis.Redis) -> None:
    keys = [KEYS.post_hash(number).hash for number in range(HASHES_PER_SWEEP)]
    old = {record_field(number): b"\x20" + bytes(18) for number in range(1, 1000 * 64)}
    for key in keys:
        client.hset(key, mapping=old)  # type: ignore[arg-type]
    work = work_of(client, SWEEP_HASHES, sweep_call(keys, RETENTION, NOW))
    assert work.calls <= 4 * HASHES_PER_SWEEP
    assert work.elements <= HASHES_PER_SWEEP * 2 * MOST_PER_CALL
    assert sum(client.hlen(key) for key in keys) == HASHES_PER_SWEEP * (len(old) - MOST_PER_CALL)


def test_claims_of_held_ids_and_deletes(client: redis.Redis) -> None:
    key = KEYS.post_hash(0).hash
    record = encode_record(LightPost(10**9, 7, NOW), listed_as_video=False)
    claims = [Claim(key, 10**9 + number // 2, record if number % 2 else DELETE) for number in range(MOST_PER_CALL)]
    work = work_of(client, CLAIM_POSTS, claim_call(claims, RETENTION, NOW, due=[key]))
    assert work.calls <= 2 * MOST_PER_CALL + 1
    assert work.elements == 0


def test_delete_reads_a_record_that_seems_expired(client: redis.Redis) -> None:
    post = LightPost(5, 7, NOW)
    key = KEYS.post(5)
    create = Claim(key.hash, 5, encode_record(post, listed_as_video=False))
    work_of(client, CLAIM_POSTS, claim_call([create], RETENTION, NOW))
    an_hour_fast = NOW + RETENTION.seconds + 3600
    work_of(client, CLAIM_POSTS, claim_call([Claim(key.hash, 5, DELETE)], RETENTION, an_hour_fast))
    held = client.hget(key.hash, record_field(5))  # type: ignore[arg-type]
    assert held is not None
    assert cast("bytes", held)[5:] == (7).to_bytes(8, "big") + NOW.to_bytes(4, "big")


def test_a_viewer_with_10000_removals(client: redis.Redis) -> None:
    viewer, bounds = KEYS.viewer(9), FollowBounds()
    fill(client, viewer.removals, {b"%d" % number: 1 for number in range(1, 50_000)})
    fill(client, viewer.follows, {b"%d" % number: number for number in range(1, 20_000)})
    held = " ".join(f"{number}:{number}" for number in range(1, 17))
    client.hset(viewer.records, mapping={f"-{target}": held for target in range(1, 251)})  # type: ignore[arg-type]
    changes = [FollowChange(target, 0, NOW, removed=True) for target in range(1, 251)]
    work = work_of(client, APPLY_FOLLOWS, apply_follows(viewer, changes, bounds, NOW))
    assert work.calls <= MOST_CALLS
    assert work.elements <= MOST_PER_CALL
