from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import KafkaUnavailable
from ingest.decode.framing import open_envelope
from ingest.sources.producer.envelopes import EnvelopeLimits, Envelopes
from ingest.sources.producer.outgoing import Addressed, OutgoingMessage

LINGER = 0.005
AT_LAST = float("inf")


def entry(number: int, key: bytes = b"0", size: int = 10) -> tuple[int, Addressed]:
    return number, Addressed("posts", key, b"\x0a" + b"%d" % number + bytes(size))


def first_digit(address: Addressed) -> int:
    return int(address.key)


def envelopes(events: int = 1000, most_bytes: int = 900_000) -> Envelopes[int]:
    return Envelopes(EnvelopeLimits(events, LINGER, most_bytes), first_digit)


def items(messages: Sequence[OutgoingMessage[int]]) -> list[tuple[int, ...]]:
    return [message.items for message in messages]


def test_an_envelope_is_sent_when_it_has_its_events() -> None:
    packer, entries = envelopes(events=3), [entry(number) for number in range(4)]
    assert [items(packer.add(*each, now=0)) for each in entries[:2]] == [[], []]
    (full,) = packer.add(*entries[2], now=0)
    assert (full.topic, full.partition, full.key, full.items) == ("posts", 0, None, (0, 1, 2))
    assert list(open_envelope(full.value)) == [address.value for _, address in entries[:3]]
    assert packer.add(*entries[3], now=0) == []


def test_an_envelope_holds_events_of_one_partition() -> None:
    packer = envelopes()
    for number in range(6):
        packer.add(*entry(number, key=b"%d" % (number % 2)), now=0)
    assert [(message.partition, message.items) for message in packer.due(AT_LAST)] == [(0, (0, 2, 4)), (1, (1, 3, 5))]


def test_topics_do_not_share_envelopes() -> None:
    packer = envelopes()
    for number, topic in enumerate(("posts", "follows")):
        packer.add(number, Addressed(topic, b"0", b"x"), now=0)
    assert [(message.topic, message.items) for message in packer.due(AT_LAST)] == [("posts", (0,)), ("follows", (1,))]


def test_an_envelope_waits_the_linger_after_its_first_event() -> None:
    packer = envelopes()
    assert packer.due_at is None
    packer.add(*entry(1, b"1"), now=10.0)
    packer.add(*entry(2, b"2"), now=10.004)
    packer.add(*entry(3, b"1"), now=10.004)
    assert packer.due_at == 10.0 + LINGER
    assert packer.due(now=10.004) == []
    assert items(packer.due(now=10.006)) == [(1, 3)]
    assert packer.due_at == 10.004 + LINGER


def test_an_envelope_stays_below_its_bytes() -> None:
    packer = envelopes(most_bytes=1000)
    sent = [message for number in range(10) for message in packer.add(*entry(number, size=300), now=0)]
    sent += packer.due(AT_LAST)
    assert items(sent) == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9,)]


def test_an_event_too_large_for_an_envelope_goes_alone() -> None:
    packer = envelopes(most_bytes=1000)
    entries = [entry(number, size=size) for number, size in enumerate((10, 2000, 10))]
    sent = [message for each in entries for message in packer.add(*each, now=0)]
    assert items(sent + packer.due(AT_LAST)) == [(0,), (1,), (2,)]


def test_an_event_without_a_partition_affects_no_other() -> None:
    def partition(address: Addressed) -> int:
        if address.key == b"lost":
            raise KafkaUnavailable
        return 0

    packer = Envelopes[int](EnvelopeLimits(10, LINGER), partition)
    packer.add(*entry(1), now=0)
    with pytest.raises(KafkaUnavailable):
        packer.add(*entry(2, key=b"lost"), now=0)
    assert items(packer.due(AT_LAST)) == [(1,)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400))), st.integers(1, 5), st.integers(100, 1500))
def test_partitions_get_their_events_in_order_within_limits(
    events: list[tuple[int, int]], most_events: int, most_bytes: int
) -> None:
    packer = envelopes(most_events, most_bytes)
    sent: list[OutgoingMessage[int]] = []
    for number, (place, size) in enumerate(events):
        sent += packer.add(*entry(number, b"%d" % place, size), now=number)
    sent += packer.due(AT_LAST)
    for place in range(4):
        arrived = [item for message in sent if message.partition == place for item in message.items]
        assert arrived == [number for number, (its, _) in enumerate(events) if its == place]
    assert all(len(message.items) <= most_events for message in sent)
    assert all(len(message.value) <= most_bytes for message in sent if len(message.items) > 1)
