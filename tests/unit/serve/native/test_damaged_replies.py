"""Replies with faults end in DamagedReply or an answer, and cost no more memory than they are long."""

import random
import tracemalloc
from collections.abc import Sequence

import pytest

from serve.native import NATIVE, NativeCore
from serve.query import Answer
from serve.timeline.read_core import DamagedReply, StoreMap
from tests.unit.serve.memory_fetcher import MemoryNode, as_resp
from tests.unit.serve.native.damage import damaged, hundreds_of_seeds
from tests.unit.serve.timeline.read_worlds import KEYS, NOW, OLDEST, World, random_world
from tests.unit.serve.timeline.test_read_core import node_of

pytestmark = pytest.mark.skipif(not NATIVE, reason="the product was installed without a compiler")

STORE = StoreMap(KEYS, (0,) * KEYS.buckets)


def small_world(seed: int) -> World:
    """One whose replies are short, so that a fault has much to hit."""
    while not _is_small(world := random_world(seed)):
        seed += 1000
    return world


def _is_small(world: World) -> bool:
    query = world.query
    return query.before is None and 5 < len(world.held) < 120 and begin(world).next_round() > 0


def begin(world: World) -> NativeCore:
    return NativeCore(world.query, NOW, OLDEST, 1 << 24)


def raw_replies(node: MemoryNode, core: NativeCore) -> bytes | None:
    """Replies to the next part; None when there is none."""
    if not core.next_round():
        return None
    core.next_part(STORE)
    commands = core.commands(0, None)
    assert commands
    return b"".join(map(as_resp, node.run(commands.packed)))


def sound_rounds(world: World, node: MemoryNode) -> list[bytes]:
    core, rounds = begin(world), list[bytes]()
    while (replies := raw_replies(node, core)) is not None:
        rounds.append(replies)
        core.take(0, replies, ())
        core.merge()
    return rounds


def finish(core: NativeCore, node: MemoryNode) -> Answer:
    core.merge()
    while (replies := raw_replies(node, core)) is not None:
        core.take(0, replies, ())
        core.merge()
    return core.answer()


def read_damaged(world: World, node: MemoryNode, sound: Sequence[bytes], variant: bytes) -> bool:
    """Read a request whose last round comes damaged; whether it was found to be so."""
    core = begin(world)
    for replies in sound:
        raw_replies(node, core)
        core.take(0, replies, ())
        core.merge()
    raw_replies(node, core)
    try:
        core.take(0, variant, ())
        is_damaged = False
    except DamagedReply:
        is_damaged = True
    answer = finish(core, node)
    assert not is_damaged or answer.partial
    assert len(answer.body) <= 2 * (sum(map(len, sound)) + len(variant)) + 4 + 12 * answer.scored.posts
    return is_damaged


@pytest.mark.parametrize("seeds", list(hundreds_of_seeds()))
def test_damaged_replies_end_in_a_typed_error_or_an_answer(seeds: range) -> None:
    found = 0
    for seed in seeds:
        world = small_world(seed)
        node = node_of(world)
        rounds = sound_rounds(world, node)
        last = random.Random(seed).randrange(len(rounds))
        for variant in damaged(rounds[last], seed):
            found += read_damaged(world, node, rounds[:last], variant)
    assert 1000 < found < 2000


def test_replies_after_damaged_ones_count() -> None:
    """The commands may be sent again."""
    world = small_world(3)
    node = node_of(world)
    core = begin(world)
    replies = raw_replies(node, core)
    assert replies
    with pytest.raises(DamagedReply):
        core.take(0, replies[:-1], ())
    assert core.commands(0, None)
    core.take(0, replies, ())
    sound = begin(world)
    raw_replies(node, sound)
    sound.take(0, replies, ())
    assert finish(core, node) == finish(sound, node)


CLAIMS = [
    b"*2147483647\r\n",
    b"*4\r\n" + b"$16\r\n" + bytes(16) + b"\r\n",
    b"$536870912\r\n",
    b"*1\r\n$536870912\r\n",
    b"*9999999999\r\n",
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_a_reply_claims_allocates_nothing(claim: bytes) -> None:
    core = begin(small_world(3))
    assert core.next_round()
    core.next_part(STORE)
    commands = core.commands(0, None)
    assert commands
    tracemalloc.start()
    try:
        with pytest.raises(DamagedReply):
            core.take(0, claim, ())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


def test_memory_of_a_request_is_bounded_by_its_replies() -> None:
    world = max((random_world(seed) for seed in range(150)), key=lambda world: len(world.held))
    world = world._replace(query=world.query._replace(before=None, max_results=1200))
    node = node_of(world)
    rounds = sound_rounds(world, node)
    tracemalloc.start()
    try:
        core = begin(world)
        for replies in rounds:
            raw_replies(node, core)
            core.take(0, replies, ())
            core.merge()
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held < 10 * sum(map(len, rounds)) + 400 * len(world.query.following)
