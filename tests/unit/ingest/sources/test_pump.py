from collections.abc import Callable, Iterator, Sequence

import pytest

from common.post import LightPost
from ingest.sources.addressing import Sending
from ingest.sources.ledger import Ledger
from ingest.sources.producer.figures import ProducerFigures
from ingest.sources.producer.lanes import ProducerClosed
from ingest.sources.producer.parcel import DeliveryFailure
from ingest.sources.pump import Pump
from ingest.sources.sent_kind import sent
from ingest.sources.source import Fate, Heard
from ingest.sources.statistics import Counts

NOTHING = ProducerFigures(0, 0, 0, 0, 0, 0)


class Script:
    """A source that says what it is told to."""

    name = "script"
    expected = None
    reconnects = 0

    def __init__(self, heard: Sequence[Heard]) -> None:
        self.heard = heard
        self.began_at: str | None = None

    def listen(self, position: str, told_to_stop: Callable[[], bool]) -> Iterator[Heard]:
        self.began_at = position
        for heard in self.heard:
            if told_to_stop():
                return
            yield heard


class Queue:
    """An outlet with room for so many events; then it drops, or raises when it was closed."""

    def __init__(self, room: int = 100, *, closes: bool = False) -> None:
        self.taken: list[Sending] = []
        self._room = room
        self._closes = closes

    def put(self, item: Sending) -> bool:
        if len(self.taken) < self._room:
            self.taken.append(item)
            return True
        if self._closes:
            raise ProducerClosed
        return False


def post(number: int) -> Heard:
    return sent(LightPost(number, 1, 1), str(number))


LIKE = Heard(Fate.IGNORED, "like", position="9")
BAD = Heard(Fate.DROPPED, "bad_time", position="10", detail="time_us is\x1b[2J no time")


def pumped(queue: Queue, *heard: Heard, told_to_stop: Callable[[], bool] = lambda: False) -> Ledger:
    ledger = Ledger("0")
    Pump(Script(heard), queue, ledger, told_to_stop).run("0")
    return ledger


def counts(ledger: Ledger) -> Counts:
    return ledger.counts(NOTHING, reconnects=0)


def test_every_message_is_accounted_for() -> None:
    queue = Queue()
    ledger = pumped(queue, post(1), post(2), LIKE, BAD)

    assert [sending.event for sending in queue.taken] == [post(1).event, post(2).event]
    assert counts(ledger) == Counts(4, 0, 0, 0, 0, {"post": 2}, {"like": 1}, {"bad_time": 1})


def test_the_source_begins_where_it_is_told_to() -> None:
    source = Script([])
    Pump(source, Queue(), Ledger("7"), lambda: False).run("7")

    assert source.began_at == "7"


def test_the_position_follows_the_acknowledgements() -> None:
    queue = Queue()
    ledger = pumped(queue, post(1), post(2), LIKE)
    first, second = queue.taken

    assert ledger.position == "0"
    ledger.delivered(first, None)
    assert ledger.position == "1"
    ledger.delivered(second, DeliveryFailure("no broker"))
    assert ledger.position == "1"


def test_what_the_queue_drops_is_counted_and_left_behind() -> None:
    queue = Queue(room=1)
    ledger = pumped(queue, post(1), post(2), post(3))
    ledger.delivered(queue.taken[0], None)

    assert counts(ledger).dropped == {"queue_full": 2}
    assert counts(ledger).received == 3
    assert ledger.position == "3"


def test_what_finds_the_producer_closed_is_heard_again_another_time() -> None:
    queue = Queue(room=1, closes=True)
    ledger = pumped(queue, post(1), post(2), post(3))
    ledger.delivered(queue.taken[0], None)

    assert counts(ledger).received == 1
    assert ledger.position == "1"


def test_dropped_messages_are_logged_at_a_bounded_rate_and_fit_for_a_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pumped(Queue(), BAD, BAD, BAD)

    assert caplog.messages == ["script: a message is dropped, bad_time: time_us is [2J no time"]


def test_that_a_source_has_ended_by_itself_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pumped(Queue(), post(1), told_to_stop=lambda: True)
    assert caplog.messages == []
    pumped(Queue(), post(1))
    assert caplog.messages == ["script has ended"]
