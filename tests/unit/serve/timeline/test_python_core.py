"""Replies that the random stores do not give: damaged ones, and lists that lost an entry to an unsafe bucket."""

import random
from typing import Any

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.post import LightPost
from common.store.member import encode_member
from common.store.record import TOMBSTONE, encode_record
from serve.query import Answer, Caps, Query
from serve.timeline.cores import ChosenCore
from serve.timeline.python_core import PythonCore
from serve.timeline.read_core import DamagedReply, Replies, StoreMap, Taken
from tests.unit.serve.memory_fetcher import KEYS as DEFAULT_KEYS
from tests.unit.serve.memory_fetcher import ONE_NODE, as_resp
from tests.unit.serve.timeline.read_worlds import KEYS, NOW, OLDEST, random_world
from tests.unit.serve.timeline.test_read_core import node_of

QUERY = Query(1, (5,), frozenset(), 10, video=False, caps=Caps(50, 30, 100, 500))

DAMAGES: list[Any] = [7, None, b"", b"\x01", b"\xff" * 200, [], [None], [b""], [[b"x" * 30]], [b"x" * 9], "text"]


def damaged(replies: list[Any], rng: random.Random) -> list[Any]:
    """The same but for a reply, or for an entry of it."""
    at = rng.randrange(len(replies))
    reply: list[bytes] | bytes | None = replies[at]
    other: Any = rng.choice(DAMAGES)
    if isinstance(reply, list) and reply and rng.random() < 0.7:
        entry = rng.randrange(len(reply))
        cut = reply[entry][: rng.randrange(len(reply[entry]))]
        others: list[Any] = [cut, other, reply[entry] + b"\x01" * 100]
        other = [*reply[:entry], rng.choice(others), *reply[entry + 1 :]]
    return [*replies[:at], other, *replies[at + 1 :]][: rng.choice((len(replies), len(replies), len(replies) - 1))]


def read_damaged(seed: int) -> bool:
    """Read with one damaged reply in a part; whether it was found."""
    world, rng = random_world(seed), random.Random(seed)
    core, node, is_found = PythonCore(world.query, NOW, OLDEST, 1 << 20), node_of(world), False
    while parts := core.next_round():
        for _ in range(parts):
            core.next_part(StoreMap(KEYS, (0,) * KEYS.buckets))
            commands = core.commands(0, None)
            assert commands
            replies: Replies = node.run(commands.packed)
            try:
                core.take(0, damaged(replies, rng) if rng.random() < 0.6 else replies, ())
            except DamagedReply:
                is_found = True
        core.merge()
    answer = core.answer()
    assert answer.partial or not is_found
    return is_found


def test_damaged_replies_end_in_a_typed_error_or_an_answer() -> None:
    found = 0
    for seed in range(400):
        try:
            found += read_damaged(seed)
        except DamagedReply:
            found += 1
    assert found > 100


@pytest.mark.parametrize("newest_is_unsafe", [True, False])
def test_a_list_that_lost_an_entry_has_not_ended(core: ChosenCore, *, newest_is_unsafe: bool) -> None:
    posts = [LightPost(post_id, 5, NOW - post_id) for post_id in range(1, 31)]
    buckets = [DEFAULT_KEYS.post(post.post_id).bucket for post in posts]
    unsafe = {next(bucket for bucket in buckets if (bucket == buckets[0]) is newest_is_unsafe)}
    safe = [post.post_id for post, bucket in zip(posts, buckets, strict=True) if bucket not in unsafe]
    reader = core.make(QUERY._replace(max_results=25), NOW, OLDEST, 1 << 20)
    depths = iter((26, 104))
    while reader.next_round():
        reader.next_part(ONE_NODE)
        assert reader.commands(0, None)
        members = [encode_member(post) for post in posts][: next(depths)]
        taken = reader.take(0, as_resp(members) if reader.takes_bytes else [members], unsafe)
        assert taken == (True, True, [])
        reader.merge()
    answer = reader.answer()
    found = [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts]
    assert (found, answer.partial, answer.has_more) == (safe[:25], True, True)


PARENT = LightPost(6, 9, NOW)
REPLY = LightPost(8, 5, NOW, in_reply_to_post_id=PARENT.post_id, is_reply=True)
RECORD = encode_record(PARENT, listed_as_video=False)


def read_reply(core: ChosenCore, record: bytes | None, unsafe: set[int]) -> tuple[Taken, Answer]:
    """Read a list of one reply, then the record of its parent: what was taken of this, and the answer."""
    reader = core.make(QUERY, NOW, OLDEST, 1 << 20)
    taken: list[Taken] = []
    for reply in ([encode_member(REPLY)], record):
        assert reader.next_round() == 1
        reader.next_part(ONE_NODE)
        assert reader.commands(0, None)
        taken.append(reader.take(0, as_resp(reply) if reader.takes_bytes else [reply], unsafe))
        reader.merge()
    assert (reader.next_round(), taken[0]) == (0, (True, False, []))
    return taken[1], reader.answer()


BUCKET_OF_PARENTS_AUTHOR = DEFAULT_KEYS.author(PARENT.author_id).bucket


def test_a_parent_that_may_be_deleted_lets_no_reply_pass(core: ChosenCore) -> None:
    taken, answer = read_reply(core, RECORD, {BUCKET_OF_PARENTS_AUTHOR})
    assert taken == (False, True, [])
    assert (answer.scored.posts, answer.partial, answer.has_more) == (0, True, True)


@pytest.mark.parametrize(("record", "posts"), [(RECORD, 1), (None, 0), (bytes((TOMBSTONE,)) + RECORD[1:], 0)])
def test_a_parent_that_is_safe_or_gone_is_no_gap(core: ChosenCore, record: bytes | None, posts: int) -> None:
    unsafe = BUCKET_OF_PARENTS_AUTHOR if not posts else BUCKET_OF_PARENTS_AUTHOR + 1
    taken, answer = read_reply(core, record, {unsafe})
    assert taken == (True, False, [])
    assert (answer.scored.posts, answer.partial, answer.has_more) == (posts, False, False)
