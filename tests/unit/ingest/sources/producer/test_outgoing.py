from ingest.sources.producer.outgoing import DeliveryReport, OutgoingMessage, ShardedQueue


def message(number: int, key: bytes | None = b"key", partition: int | None = None) -> OutgoingMessage[int]:
    return OutgoingMessage("posts", partition, key, b"value", (number,))


def test_a_message_waits_for_the_report_of_the_one_before() -> None:
    sent: list[OutgoingMessage[int]] = []
    queue = ShardedQueue(1, sent.append)
    for number in range(3):
        queue.add(message(number))
    assert sent == [message(0)]
    queue.reported([DeliveryReport(message(0), None)])
    assert sent == [message(0), message(1)]


def test_each_shard_has_one_message_in_flight() -> None:
    sent: list[OutgoingMessage[int]] = []
    queue = ShardedQueue(2, sent.append)
    for number in range(6):
        queue.add(message(number, key=None, partition=number))
    assert sent == [message(0, None, 0), message(1, None, 1)]


def test_messages_of_a_key_share_a_shard() -> None:
    sent: list[OutgoingMessage[int]] = []
    queue = ShardedQueue(8, sent.append)
    for number in range(2):
        for key in (b"a", b"b"):
            queue.add(message(number, key))
    assert {each.items for each in sent} == {(0,)}


def test_what_is_not_in_flight_can_be_taken_out() -> None:
    sent: list[OutgoingMessage[int]] = []
    queue = ShardedQueue(1, sent.append)
    for number in range(3):
        queue.add(message(number))
    assert sorted(each.items for each in queue.clear()) == [(1,), (2,)]
    queue.reported([DeliveryReport(message(0), None)])
    assert sent == [message(0)]
