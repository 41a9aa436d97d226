from ingest.kafka.catch_up import CatchUpProgress, OffsetRange


def progress(**offset_ranges: tuple[int, int]) -> CatchUpProgress:
    made = CatchUpProgress()
    made.gained({int(name[1:]): OffsetRange(*offset_range) for name, offset_range in offset_ranges.items()})
    return made


def test_caught_up_once_the_messages_of_the_start_are_applied() -> None:
    reading = progress(p0=(100, 105))
    reading.applied({0: 104})
    assert reading.catching_up
    reading.applied({0: 105})
    assert not reading.catching_up


def test_a_lag_below_a_batch_is_not_enough_while_messages_arrive() -> None:
    assert progress(p0=(100, 105)).catching_up


def test_a_full_batch_is_not_needed() -> None:
    reading = progress(p0=(0, 1))
    reading.applied({0: 1})
    assert not reading.catching_up


def test_an_empty_partition_has_caught_up_at_once() -> None:
    assert progress(p0=(0, 0), p1=(50, 50)).caught_up == {0, 1}


def test_a_member_without_partitions_is_not_catching_up() -> None:
    assert not progress().catching_up


def test_markers_that_are_never_delivered_do_not_delay_it() -> None:
    reading = progress(p0=(0, 1505))
    reading.applied({0: 3})
    assert reading.catching_up
    assert reading.behind({0: 1505}) == {0: 1505}
    reading.applied({0: 1505})
    assert not reading.catching_up
    assert reading.behind({0: 1505}) == {}


def test_a_topic_that_was_made_again_is_behind_its_position() -> None:
    assert progress(p0=(1000, 1000)).behind({0: 5, 1: 7}) == {0: 5}


def test_positions_are_of_the_partitions_that_the_member_has() -> None:
    reading = progress(p0=(0, 9), p1=(7, 9))
    reading.applied({0: 5, 2: 3})
    assert (reading.positions, reading.partitions) == ({0: 5, 1: 7}, {0, 1})
    reading.lost([0])
    assert (reading.positions, reading.partitions) == ({1: 7}, {1})


def test_every_partition_must_catch_up() -> None:
    reading = progress(p0=(0, 5), p1=(0, 5))
    reading.applied({0: 5})
    assert reading.catching_up
    assert reading.caught_up == {0}


def test_messages_produced_after_the_start_are_lag_only() -> None:
    reading = progress(p0=(0, 5))
    reading.applied({0: 5})
    assert reading.lags({0: 2000}) == {0: 1995}
    assert not reading.catching_up


def test_a_lost_partition_has_no_lag_and_catches_up_on_return() -> None:
    reading = progress(p0=(0, 5), p1=(0, 0))
    reading.lost({0, 1})
    assert not reading.catching_up
    assert reading.lags({0: 9, 1: 9}) == {}
    reading.gained({1: OffsetRange(0, 3)})
    assert reading.catching_up


def test_the_lag_counts_to_the_newest_known_end() -> None:
    reading = progress(p0=(2, 5))
    assert reading.lags({}) == {0: 3}
    assert reading.lags({0: 7}) == {0: 5}
    assert reading.lags({0: 1}) == {0: 0}


def test_messages_of_a_partition_that_went_meanwhile_are_ignored() -> None:
    reading = progress(p0=(0, 5))
    reading.lost({0})
    reading.applied({0: 5})
    assert reading.behind({0: 9}) == {}
    assert reading.partitions == reading.caught_up == frozenset()
