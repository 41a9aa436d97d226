from ingest.kafka.positions import Positions


def positions(**starts: int) -> Positions:
    made = Positions()
    made.started({int(name[1:]): offset for name, offset in starts.items()})
    return made


def test_the_end_lies_past_records_that_are_not_delivered() -> None:
    reading = positions(p0=0)
    reading.received(0, 2)
    assert (dict(reading.next), reading.ends) == ({0: 3}, {})
    assert reading.reached_end(0, 1505), "the position moved"
    assert reading.ends == {0: 1505}
    assert not reading.reached_end(0, 1505)


def test_a_message_after_the_end_leaves_it() -> None:
    reading = positions(p0=0)
    reading.reached_end(0, 5)
    reading.received(0, 5)
    assert (dict(reading.next), reading.ends) == ({0: 6}, {})


def test_a_partition_that_comes_back_is_not_at_its_end() -> None:
    reading = positions(p0=0)
    reading.reached_end(0, 5)
    reading.forget([0, 1])
    assert (dict(reading.next), reading.ends) == ({}, {})
    reading.started({0: 5})
    assert reading.ends == {}


def test_a_partition_that_starts_again_is_not_at_its_end() -> None:
    reading = positions(p0=0)
    reading.reached_end(0, 5)
    reading.started({0: 2})
    assert (dict(reading.next), reading.ends) == ({0: 2}, {})
