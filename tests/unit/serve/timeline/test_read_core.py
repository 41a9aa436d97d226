"""Random stores, faults and requests: every core gives the answer of the contract, and all cores the same bytes."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.post import LightPost
from serve.query import Answer
from serve.timeline.cores import PYTHON_CORE, ChosenCore
from serve.timeline.read_core import Commands, ReadCore, StoreMap
from tests.unit.serve.memory_fetcher import CORES, MemoryNode, as_resp, parsed
from tests.unit.serve.timeline.read_worlds import (
    KEYS,
    NOW,
    OLDEST,
    World,
    answer_of,
    random_world,
)

TRIALS = 2000
FAST_TRIALS = 200


class Reading(NamedTuple):
    """An answer, and what was sent for it."""

    answer: Answer
    sent: list[Commands]


def node_of(world: World) -> MemoryNode:
    held = {found.post.post_id: found for found in world.held}
    lists: dict[tuple[int, bool], list[bytes]] = defaultdict(list)
    for found in world.held:
        for video in (False, True)[: 1 + found.listed_as_video]:
            lists[found.post.author_id, video] += found.members
    for members in lists.values():
        members.sort(reverse=True)
    return MemoryNode(
        lambda author, video: lists[author, video],
        lambda post_id: held[post_id].record if post_id in held else None,
        KEYS,
    )


class Reader:
    """Runs a core over a world as a fetcher does, in an order of its own."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._node = node_of(world)
        self._random = random.Random(seed)
        self.sent: list[Commands] = []

    def read(self, chosen: ChosenCore) -> Reading:
        core = chosen.make(self._world.query, NOW, OLDEST, self._world.max_bytes)
        store = StoreMap(KEYS, self._world.node_of_bucket)
        while parts := core.next_round():
            for _ in range(parts):
                self._read_part(core, store)
            core.merge()
        return Reading(core.answer(), self.sent)

    def _read_part(self, core: ReadCore, store: StoreMap) -> None:
        size = core.next_part(store)
        assert size.authors + size.parents > 0
        nodes = [node for node in size.nodes if node not in self._world.faults.down]
        self._random.shuffle(nodes)
        replies = {node: self._replies(core, node) for node in nodes}
        self._random.shuffle(nodes)
        for node in nodes:
            if (found := replies[node]) is not None:
                errors = [str(reply) for reply in found if isinstance(reply, Exception)]
                raw = b"".join(map(as_resp, found))
                taken = core.take(node, raw if core.takes_bytes else found, self._world.faults.unsafe)
                assert taken.errors == errors
                assert taken.has_answers is False or len(errors) < len(found)

    def _replies(self, core: ReadCore, node: int) -> list[object] | None:
        readable = self._world.readable()
        if self._random.random() < 0.1:  # its marks are read again, and the first call is void
            core.commands(node, frozenset(self._random.sample(range(KEYS.buckets), 4)))
        commands = core.commands(node, readable)
        if commands is None:
            return None
        self.sent.append(commands)
        asked = [bucket_of(command[1]) for command in parsed(commands.packed)]
        assert commands.replies == len(asked)
        assert commands.bucket == asked[0]
        assert all(self._world.node_of_bucket[bucket] == node for bucket in asked)
        assert readable is None or readable.issuperset(asked)
        errors = self._world.faults.errors
        replies = self._node.run(commands.packed)
        return [
            RuntimeError("WRONG") if bucket in errors else reply for bucket, reply in zip(asked, replies, strict=True)
        ]


def bucket_of(key: bytes) -> int:
    return int(key[key.index(b"{") + 1 : key.index(b"}")])


def check(world: World, answer: Answer) -> None:
    """Compare the answer with the contract's, as far as that is known in spite of faults."""
    response = GetInNetworkPostsResponse.FromString(answer.body)
    assert (response.partial, response.has_more) == (answer.partial, answer.has_more)
    posts = [light_post(post) for post in response.posts]
    assert answer.scored.posts == len(posts) <= answer.retrieved.posts
    if not answer.partial:
        everything = answer_of(world, with_faults=False)
        assert posts == everything[: world.query.max_results]
        assert answer.has_more == (len(everything) > len(posts) > 0)
    if not world.is_limited:
        check_partial(world, answer, posts)


def check_partial(world: World, answer: Answer, posts: list[LightPost]) -> None:
    known = answer_of(world, with_faults=True)
    assert posts == known[: world.query.max_results]
    assert answer.has_more or not posts or len(known) == len(posts)
    if answer.partial:
        assert world.faults.exist or any(held.has_newer for held in world.held)
        if not answer.has_more:
            last = posts[-1] if posts else None
            everything = answer_of(world, with_faults=False)
            assert not [post for post in everything if last is None or place(post) < place(last)]


def light_post(post: object) -> LightPost:
    return LightPost(
        *(
            None if field in OPTIONAL and not post.HasField(field) else getattr(post, field)  # type: ignore[attr-defined]
            for field in LightPost._fields
        )
    )


OPTIONAL = frozenset(
    ("in_reply_to_post_id", "in_reply_to_user_id", "source_post_id", "source_user_id", "conversation_id")
)


def place(post: LightPost) -> tuple[int, int]:
    return post.created_at, post.post_id


def seeds() -> Iterator[object]:
    """Some by default, the others with --everything, a hundred in a test."""
    for first in range(0, TRIALS, 100):
        marks = [] if first < FAST_TRIALS else [pytest.mark.everything]
        yield pytest.param(range(first, first + 100), marks=marks, id=str(first))


@pytest.mark.parametrize("seeds", list(seeds()))
@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_every_core_gives_the_answer_of_the_contract(core: ChosenCore, seeds: range) -> None:
    for seed in seeds:
        world = random_world(seed)
        expected = Reader(world, seed).read(PYTHON_CORE)
        try:
            check(world, expected.answer)
            assert core is PYTHON_CORE or Reader(world, seed).read(core) == expected
        except AssertionError as error:
            error.add_note(f"seed {seed}: {world.query}, {world.faults}")
            raise
