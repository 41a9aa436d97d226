from ingest.batch import Message
from ingest.kafka.commits import offsets_to_commit


def test_the_offset_after_the_last_message_of_each_partition_is_committed() -> None:
    applied = [Message(0, 7, b""), Message(3, 100, b""), Message(0, 8, b""), Message(3, 104, None)]
    assert offsets_to_commit(applied) == {0: 9, 3: 105}


def test_a_partition_that_is_read_again_goes_back_to_what_was_applied_last() -> None:
    assert offsets_to_commit([Message(0, 9, b""), Message(0, 4, b"")]) == {0: 5}


def test_nothing_applied_commits_nothing() -> None:
    assert offsets_to_commit([]) == {}
