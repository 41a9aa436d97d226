from collections.abc import Iterator

import pytest

from common.errors import KafkaUnavailable
from ingest.sources.producer.partitions import PartitionCounts, murmur2, partition_of

# From UtilsTest.testMurmur2 of Apache Kafka, where the numbers are signed.
VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def counts(answers: Iterator[int | None], clock: Clock) -> PartitionCounts:
    return PartitionCounts(lambda _: next(answers), clock)


def test_a_topic_is_asked_for_once() -> None:
    known = counts(iter([4]), Clock())
    assert [known.of("posts"), known.of("posts")] == [4, 4]


def test_each_topic_has_its_own() -> None:
    partitions = {"posts": 4, "follows": 2}
    known = PartitionCounts(partitions.get)
    assert [known.of(topic) for topic in ("posts", "follows", "posts")] == [4, 2, 4]


def test_growth_is_noticed_within_five_minutes() -> None:
    clock = Clock()
    known = counts(iter([4, 8]), clock)
    seen: list[int] = []
    for _ in range(4):
        seen.append(known.of("posts"))
        clock.now += 150
    assert seen == [4, 4, 8, 8]


def test_a_topic_that_is_not_found_is_asked_for_again() -> None:
    known = counts(iter([None, 3]), Clock())
    with pytest.raises(KafkaUnavailable, match="the partitions of posts were not found in time"):
        known.of("posts")
    assert known.of("posts") == 3


@pytest.mark.parametrize(("key", "signed"), VECTORS.items())
def test_the_hash_is_that_of_javas_client(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


def test_the_partition_is_the_positive_hash_modulo_the_count() -> None:
    assert partition_of(b"21", 7) == (-973932308 & 0x7FFFFFFF) % 7
    assert partition_of(b"abc", 7) == 479470107 % 7


def test_all_partitions_are_used() -> None:
    assert {partition_of(b"%d" % number, 5) for number in range(100)} == set(range(5))
