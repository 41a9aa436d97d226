from common.kafka.topics import (
    Creation,
    PartitionAddress,
    TopicConfiguration,
    TopicOutcome,
    dead_letter_topic,
    existing_topic,
)


def test_a_topic_is_as_wanted_when_its_partitions_are() -> None:
    wanted = TopicConfiguration("posts", partitions=3)
    assert existing_topic(wanted, 3) == TopicOutcome("posts", Creation.THERE, 3)
    assert existing_topic(wanted, 4) == TopicOutcome("posts", Creation.DIFFERS, 4, "it was to have 3 partitions")


def test_dead_letters_have_one_partition_and_two_weeks() -> None:
    assert dead_letter_topic("dead", 3) == TopicConfiguration("dead", 1, 3, 14 * 86_400)


def test_a_partition_is_written_with_its_topic() -> None:
    assert str(PartitionAddress("posts", 3)) == "posts[3]"
