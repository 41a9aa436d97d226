from collections.abc import Iterator, Sequence
from typing import cast

import pytest
import redis

from common.store.client import load_scripts
from common.store.keys import META, marks_key
from common.store.marks import (
    Mark,
    MarkKind,
    encode_mark,
    mark_field,
    parse_marks,
    parse_registry,
    registry_field,
    topic_id_field,
)
from common.store.scripts import MarkRaise, MarkStamp, raise_marks, register_marks, stamp_marks

BUCKET = 7
KEY = marks_key(BUCKET).decode()
STAMP, OTHER = "a" * 32, "b" * 32
ONE, TWO = mark_field("topic", 1), mark_field("topic", 2)
LARGEST = 2**53 - 1


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        load_scripts(client)
        yield client
        client.flushall()


def run(client: redis.Redis, packed: bytes) -> object:
    connection = client.connection_pool.get_connection()
    try:
        connection.send_packed_command([packed])
        return cast("object", connection.read_response())
    finally:
        client.connection_pool.release(connection)


def hold(client: redis.Redis, **marks: Mark) -> None:
    fields = {"one": ONE, "two": TWO}
    client.hset(KEY, mapping={fields[name]: encode_mark(mark) for name, mark in marks.items()})


def held(client: redis.Redis) -> dict[bytes, Mark]:
    return dict(parse_marks([part for pair in _hash(client).items() for part in pair]).marks)


def _hash(client: redis.Redis, key: str = KEY) -> dict[bytes, bytes]:
    return cast("dict[bytes, bytes]", client.hgetall(key))


def raised(client: redis.Redis, *raises: MarkRaise) -> object:
    return run(client, raise_marks(BUCKET, STAMP, raises))


def stamped(client: redis.Redis, stamps: Sequence[MarkStamp], *, changes_id: bool = False) -> object:
    return run(client, stamp_marks(BUCKET, b"new", stamps, changes_id=changes_id))


def test_raise_moves_offsets_forward_only(client: redis.Redis) -> None:
    hold(client, one=Mark(5, STAMP, 3, 2), two=Mark(50, STAMP, 60, 40))
    assert raised(client, MarkRaise(ONE, 5, 8, 4), MarkRaise(TWO, 7, 9, 6)) == []
    assert held(client) == {ONE: Mark(8, STAMP, 3, 4), TWO: Mark(50, STAMP, 60, 40)}


def test_raise_keeps_every_digit_of_an_offset(client: redis.Redis) -> None:
    hold(client, one=Mark(LARGEST - 1, STAMP, 0))
    assert raised(client, MarkRaise(ONE, LARGEST - 1, LARGEST, LARGEST)) == []
    assert held(client) == {ONE: Mark(LARGEST, STAMP, 0, LARGEST)}


@pytest.mark.parametrize("found", [None, Mark(5, OTHER, 0), Mark(4, STAMP, 0)])
def test_raise_refuses_what_was_not_verified(client: redis.Redis, found: Mark | None) -> None:
    hold(client, two=Mark(5, STAMP, 0), **({"one": found} if found else {}))
    before = _hash(client)[TWO]
    assert raised(client, MarkRaise(ONE, 5, 8, 0), MarkRaise(TWO, 5, 8, 0)) == [ONE]
    assert held(client) == {TWO: Mark(8, STAMP, 0), **({ONE: found} if found else {})}
    assert _hash(client)[TWO] != before


def test_raise_refuses_a_value_that_is_no_mark(client: redis.Redis) -> None:
    client.hset(KEY, ONE, "5")
    assert raised(client, MarkRaise(ONE, 5, 8, 0)) == [ONE]


def test_raise_makes_no_marks_in_an_empty_store(client: redis.Redis) -> None:
    assert raised(client, MarkRaise(ONE, 0, 8, 0)) == [ONE]
    assert not client.exists(KEY)


def test_stamp_replaces_what_is_held(client: redis.Redis) -> None:
    old, new = Mark(5, OTHER, 0), Mark(5, STAMP, 9)
    hold(client, one=old)
    client.hset(KEY, "id", "old")
    assert stamped(client, [MarkStamp(ONE, encode_mark(old), new), MarkStamp(TWO, b"", new)]) == []
    assert held(client) == {ONE: new, TWO: new}
    assert client.hget(KEY, "id") == b"old"


def test_stamp_changes_nothing_when_one_mark_differs(client: redis.Redis) -> None:
    hold(client, one=Mark(6, OTHER, 0))
    new = Mark(5, STAMP, 9)
    stamps = [MarkStamp(ONE, encode_mark(Mark(5, OTHER, 0)), new), MarkStamp(TWO, b"", new)]
    assert stamped(client, stamps, changes_id=True) == [ONE]
    assert held(client) == {ONE: Mark(6, OTHER, 0)}
    assert not client.hexists(KEY, "id")


def test_stamp_gives_an_id_to_new_marks_and_when_asked(client: redis.Redis) -> None:
    assert stamped(client, [MarkStamp(ONE, b"", Mark(5, STAMP, 5))]) == []
    assert client.hget(KEY, "id") == b"new"
    client.hset(KEY, "id", "old")
    assert stamped(client, [], changes_id=True) == []
    assert client.hget(KEY, "id") == b"new"


def test_registration_needs_the_lineage(client: redis.Redis) -> None:
    field = registry_field(MarkKind.POSTS, "topic", 1)
    assert run(client, register_marks("lineage", 0, (), [field])) == 0
    assert not client.exists(META.decode())
    client.hset(META.decode(), "lineage", "lineage")
    assert run(client, register_marks("lineage", 0, (), [field])) == 1
    [now, _] = cast("list[int]", client.time())
    assert abs(int(_hash(client, META.decode())[field]) - now) <= 1


def test_registration_notes_topic_ids(client: redis.Redis) -> None:
    client.hset(META.decode(), "lineage", "lineage")
    field = registry_field(MarkKind.POSTS, "topic", 1)
    for topic_id in (b"first", b"second"):
        assert run(client, register_marks("lineage", 0, (), [field], {topic_id_field(ONE): topic_id})) == 1
        registry = parse_registry(_hash(client, META.decode()), 0, 0)
        assert (registry.fields[MarkKind.POSTS], registry.topic_ids) == ({ONE}, {ONE: topic_id.decode()})


def test_registration_forgets_old_partitions_only(client: redis.Redis) -> None:
    old, fresh, new = (registry_field(MarkKind.POSTS, "topic", number) for number in range(3))
    client.hset(META.decode(), mapping={"lineage": "lineage", old: 99, fresh: 100})
    assert run(client, register_marks("lineage", 100, [old, fresh], [new])) == 1
    registry = parse_registry(_hash(client, META.decode()), 0, 0)
    assert registry.fields[MarkKind.POSTS] == {ONE[:-1] + b"1", ONE[:-1] + b"2"}
