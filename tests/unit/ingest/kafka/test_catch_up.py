from ingest.kafka.catch_up import CatchUpPolicy, CatchUpProgress, OffsetRange


def progress(**offset_ranges: tuple[int, int]) -> CatchUpProgress:
    made = CatchUpProgress(CatchUpPolicy(batch_size=10))
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


def empty_polls(reading: CatchUpProgress, count: int, end: int) -> None:
    for _ in range(count):
        reading.nothing_arrived({0: end})


def test_markers_that_are_never_delivered_do_not_delay_it() -> None:
    reading = progress(p0=(0, 105))
    reading.applied({0: 103})
    empty_polls(reading, 5, end=105)
    assert not reading.catching_up


def test_a_poll_that_came_too_early_is_not_the_end() -> None:
    reading = progress(p0=(0, 5))
    empty_polls(reading, 4, end=5)
    assert reading.catching_up
    reading.applied({0: 1})
    empty_polls(reading, 4, end=5)
    assert reading.catching_up


def test_a_pause_of_the_brokers_is_not_the_end() -> None:
    reading = progress(p0=(0, 105))
    reading.applied({0: 90})
    empty_polls(reading, 100, end=105)
    assert reading.catching_up


def test_a_partition_without_a_known_end_is_not_at_its_end() -> None:
    reading = progress(p0=(0, 5))
    for _ in range(100):
        reading.nothing_arrived({})
    assert reading.catching_up


def test_what_was_just_assigned_is_given_time() -> None:
    reading = progress(p0=(0, 0), p1=(0, 5))
    empty_polls(reading, 4, end=0)
    reading.gained({2: OffsetRange(0, 5)})
    reading.nothing_arrived({1: 5, 2: 5})
    assert reading.caught_up == {0}


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


def test_messages_of_a_partition_that_went_meanwhile_are_ignored() -> None:
    reading = progress(p0=(0, 5))
    reading.lost({0})
    reading.applied({0: 5})
    reading.nothing_arrived({0: 5})
    assert reading.partitions == reading.caught_up == frozenset()
