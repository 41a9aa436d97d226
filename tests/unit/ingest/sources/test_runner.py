from collections.abc import Callable, Iterator, Sequence

import pytest

from common.errors import TooManyBadMessages
from common.post import LightPost
from ingest.sources.message import Disposition, ParsedMessage, sent_message
from ingest.sources.producer.delivery_reports import ProducerClosed, ProducerFigures
from ingest.sources.producer.outgoing import DeliveryFailure
from ingest.sources.runner import DropLog, FirstMessages, SourceRunner
from ingest.sources.statistics import Counts
from ingest.sources.tracker import DeliveryTracker, TrackedEvent

NOTHING = ProducerFigures(0, 0, 0, 0, 0, 0)


class Script:
    """A source that yields these messages."""

    name = "script"
    expected = None
    reconnects = 0
    first_position = ""

    def __init__(self, parsed: Sequence[ParsedMessage]) -> None:
        self.parsed = parsed
        self.began_at: str | None = None

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        self.began_at = position
        for parsed in self.parsed:
            if should_stop():
                return
            yield parsed


class Queue:
    """An outlet with room for a number of events; then it drops, or raises when it was closed."""

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


def run_source(
    queue: Queue, *parsed: ParsedMessage, should_stop: Callable[[], bool] = lambda: False
) -> DeliveryTracker:
    tracker = DeliveryTracker("0")
    SourceRunner(Script(parsed), queue, tracker, should_stop).run("0")
    return tracker


def counts(tracker: DeliveryTracker) -> Counts:
    return tracker.counts(NOTHING, reconnects=0)


def test_every_message_is_accounted_for() -> None:
    queue = Queue()
    tracker = run_source(queue, post(1), post(2), LIKE, BAD)

    assert [sending.event for sending in queue.taken] == [post(1).event, post(2).event]
    assert counts(tracker) == Counts(4, 0, 0, 0, 0, {"post": 2}, {"like": 1}, {"bad_time": 1})


def test_the_source_starts_at_the_position() -> None:
    source = Script([])
    SourceRunner(source, Queue(), DeliveryTracker("7"), lambda: False).run("7")

    assert source.began_at == "7"


def test_the_position_follows_the_acknowledgements() -> None:
    queue = Queue()
    tracker = run_source(queue, post(1), post(2), LIKE)
    first, second = queue.taken

    assert tracker.position == "0"
    tracker.delivered(first, None)
    assert tracker.position == "1"
    tracker.delivered(second, DeliveryFailure("no broker"))
    assert tracker.position == "1"


def test_events_dropped_by_the_queue_are_counted() -> None:
    queue = Queue(room=1)
    tracker = run_source(queue, post(1), post(2), post(3))
    tracker.delivered(queue.taken[0], None)

    assert counts(tracker).dropped == {"queue_full": 2}
    assert counts(tracker).received == 3
    assert tracker.position == "3"


def test_an_event_at_a_closed_producer_is_not_counted() -> None:
    queue = Queue(room=1, closes=True)
    tracker = run_source(queue, post(1), post(2), post(3))
    tracker.delivered(queue.taken[0], None)

    assert counts(tracker).received == 1
    assert tracker.position == "1"


def test_dropped_messages_are_logged_at_a_bounded_rate(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_source(Queue(), BAD, BAD, BAD)

    assert caplog.messages == ["script: a message is dropped, bad_time: time_us is [2J no time"]


def test_the_end_of_a_source_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    run_source(Queue(), post(1), should_stop=lambda: True)
    assert caplog.messages == []
    run_source(Queue(), post(1))
    assert caplog.messages == ["script has ended"]


def test_a_line_counts_the_drops_that_were_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    log, bad = DropLog("bluesky"), ParsedMessage(Disposition.DROPPED, "bad_did", detail="did is not a DID")
    for now in (1.0, 1.1, 1.2, 2.5):
        log.dropped(bad, now)

    line = "bluesky: a message is dropped, bad_did: did is not a DID"
    assert caplog.messages == [line, f"{line} (and 2 more since the last such line)"]


def test_a_source_whose_first_messages_are_unreadable_ends() -> None:
    with pytest.raises(TooManyBadMessages, match=r"^script: none of the first 1,000 messages is readable .*bad_time"):
        run_source(Queue(), *[BAD] * 5000)


@pytest.mark.parametrize("readable", [LIKE, post(1)], ids=["ignored", "sent"])
def test_one_readable_message_keeps_a_source_running(readable: ParsedMessage) -> None:
    tracker = run_source(Queue(), *[BAD] * 999, readable, *[BAD] * 5000)

    assert counts(tracker).received == 6000


def test_unreadable_messages_are_given_a_minute() -> None:
    first = FirstMessages("bluesky")
    first.dropped(BAD, 100.0)
    first.dropped(BAD, 159.9)

    with pytest.raises(TooManyBadMessages, match="none of the first 3 messages"):
        first.dropped(BAD, 160.0)
