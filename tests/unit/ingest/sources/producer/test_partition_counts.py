from collections.abc import Iterator

import pytest

from common.errors import KafkaUnavailable
from ingest.sources.producer.partition_counts import PartitionCounts


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
