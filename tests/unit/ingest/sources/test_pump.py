from collections.abc import Callable, Iterator, Sequence

import pytest

from common.post import LightPost
from ingest.sources.addressing import TrackedEvent
from ingest.sources.message import Disposition, ParsedMessage, sent_message
from ingest.sources.producer.delivery_reports import ProducerClosed, ProducerFigures
from ingest.sources.producer.outgoing import DeliveryFailure
from ingest.sources.runner import SourceRunner
from ingest.sources.statistics import Counts
from ingest.sources.tracker import DeliveryTracker

NOTHING = ProducerFigures(0, 0, 0, 0, 0, 0)


class Script:
    """A source that says what it is told to."""

    name = "script"
    expected = None
    reconnects = 0

    def __init__(self, heard: Sequence[ParsedMessage]) -> None:
        self.heard = heard
        self.began_at: str | None = None

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        self.began_at = position
        for heard in self.heard:
            if should_stop():
                return
            yield heard


class Queue:
    """An outlet with room for so many events; then it drops, or raises when it was closed."""

    def __init__(self, room: int = 100, *, closes: bool = False) -> None:
        self.taken: list[TrackedEvent] = []
        self._room = room
        self._closes = closes

    def put(self, item: TrackedEvent) -> bool:
        if len(self.taken) < self._room:
            self.taken.append(item)
            return True
        if self._closes:
            raise ProducerClosed
        return False


def post(number: int) -> ParsedMessage:
    return sent_message(LightPost(number, 1, 1), str(number))


LIKE = ParsedMessage(Disposition.IGNORED, "like", position="9")
BAD = ParsedMessage(Disposition.DROPPED, "bad_time", position="10", detail="time_us is\x1b[2J no time")


def pumped(queue: Queue, *heard: ParsedMessage, should_stop: Callable[[], bool] = lambda: False) -> DeliveryTracker:
    ledger = DeliveryTracker("0")
    SourceRunner(Script(heard), queue, ledger, should_stop).run("0")
    return ledger


def counts(ledger: DeliveryTracker) -> Counts:
    return ledger.counts(NOTHING, reconnects=0)


def test_every_message_is_accounted_for() -> None:
    queue = Queue()
    ledger = pumped(queue, post(1), post(2), LIKE, BAD)

    assert [sending.event for sending in queue.taken] == [post(1).event, post(2).event]
    assert counts(ledger) == Counts(4, 0, 0, 0, 0, {"post": 2}, {"like": 1}, {"bad_time": 1})


def test_the_source_begins_where_it_is_told_to() -> None:
    source = Script([])
    SourceRunner(source, Queue(), DeliveryTracker("7"), lambda: False).run("7")

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


def test_event_for_a_closed_producer_is_read_again_later() -> None:
    queue = Queue(room=1, closes=True)
    ledger = pumped(queue, post(1), post(2), post(3))
    ledger.delivered(queue.taken[0], None)

    assert counts(ledger).received == 1
    assert ledger.position == "1"


def test_dropped_messages_are_logged_at_a_bounded_rate(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pumped(Queue(), BAD, BAD, BAD)

    assert caplog.messages == ["script: a message is dropped, bad_time: time_us is [2J no time"]


def test_that_a_source_has_ended_by_itself_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pumped(Queue(), post(1), should_stop=lambda: True)
    assert caplog.messages == []
    pumped(Queue(), post(1))
    assert caplog.messages == ["script has ended"]
