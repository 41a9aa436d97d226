"""With any number of workers, in every mode, the items of a key arrive in the order they were put in."""

from hypothesis import given
from hypothesis import strategies as st

from common.settings.producer import ProducerSettings, SendMode
from ingest.sources.producer.outgoing import Addressed, DeliveryFailure
from ingest.sources.producer.queued_producer import QueuedProducer
from tests.support.fakes.memory_brokers import MemoryBrokers

Item = tuple[int, int]  # (key, place in the sequence)


def ignore(item: Item, failure: DeliveryFailure | None) -> None:
    pass


def address(item: Item) -> Addressed:
    return Addressed("posts", b"%d" % item[0], b"%d" % item[1])


@given(
    keys=st.lists(st.integers(0, 9), max_size=60),
    workers=st.integers(1, 6),
    partitions=st.integers(1, 5),
    events_per_message=st.sampled_from([1, 2, 7]),
    sending=st.sampled_from(SendMode),
    queue_size=st.integers(1, 20),
)
def test_order_per_key_is_kept(
    keys: list[int], workers: int, partitions: int, events_per_message: int, sending: SendMode, queue_size: int
) -> None:
    settings = ProducerSettings(
        producer_workers=workers,
        events_per_message=events_per_message,
        sending=sending,
        queue_size=queue_size,
        linger_ms=0,
    )
    brokers = MemoryBrokers[Item](posts=partitions)
    producer = QueuedProducer(settings, address, ignore, brokers)
    sequence = list(zip(keys, range(len(keys)), strict=True))
    for item in sequence:
        producer.put(item)
    producer.close(30)
    arrived = [item for partition in range(partitions) for item in brokers.items("posts", partition)]
    assert sorted(arrived, key=lambda item: item[1]) == sequence
    for key in range(10):
        assert [item for item in arrived if item[0] == key] == [item for item in sequence if item[0] == key]
