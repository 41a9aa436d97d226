"""One thread's loop on a topic, a sink and a dead-letter topic in memory."""

import math
from collections.abc import Callable, Iterable, Sequence

import pytest
from prometheus_client import CollectorRegistry

from common.errors import ClockDisagrees, StoreUnavailable, TooManyBadMessages
from common.settings.kafka import OffsetReset
from ingest.batch import Gather, Message, no_gathering
from ingest.dead_letters.limits import DeadLetterLimits
from ingest.events import Event, PostDelete
from ingest.loop import Adapters, Batching, IngestLoop, Marks, NoMarks, Policies
from ingest.metrics import IngestMetrics
from ingest.write_limiter import WriteLimiter
from tests.support.fakes.memory_adapters import DIGITS, MemoryDeadLetters, MemorySink
from tests.support.fakes.memory_topic import MemoryTopic

POLICIES = Policies(
    Batching(size=10, catch_up_size=20, fetch_timeout=1.0, linger=0.02),
    DeadLetterLimits(consecutive=25, window=1000, share=0.5),
)


class Worker:
    """A loop with everything it is connected to."""

    def __init__(self, topic: MemoryTopic, reset: OffsetReset = OffsetReset.SMALLEST) -> None:
        self.topic = topic
        self.consumer = topic.join(reset)
        self.sink = MemorySink()
        self.dead_letters = MemoryDeadLetters()
        self.reported: list[int] = []
        self.reported_lineages: list[str] = []
        self.refusals_of_clock = 0
        self.on_refusal: Callable[[], object] = lambda: None
        self.now = 1000
        self.stopped = False
        self.registry = CollectorRegistry()
        adapters = Adapters(self.consumer, DIGITS, self.sink, self.dead_letters, self._report, self._check_clock)
        metrics = IngestMetrics(self.registry)
        self.loop = IngestLoop(
            "posts", adapters, POLICIES, WriteLimiter(1), metrics, lambda: self.now, lambda: self.stopped
        )

    def watch(self, marks: Marks) -> None:
        """Work with these marks from now on."""
        adapters = Adapters(self.consumer, DIGITS, self.sink, self.dead_letters, marks=marks)
        self.loop = IngestLoop(
            *("posts", adapters, POLICIES, WriteLimiter(1), IngestMetrics(CollectorRegistry())),
            *(lambda: self.now, lambda: self.stopped),
        )

    def _report(self, partition: int, lineage: str) -> None:
        self.reported.append(partition)
        self.reported_lineages.append(lineage)

    def _check_clock(self) -> None:
        if self.refusals_of_clock:
            self.refusals_of_clock -= 1
            self.on_refusal()
            raise ClockDisagrees

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


def topic(*payloads: bytes | None, partitions: int = 1) -> MemoryTopic:
    made = MemoryTopic(partitions)
    made.produce(*payloads)
    return made


def numbers(first: int, last: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, last + 1)]


def test_what_is_read_is_written_and_then_committed() -> None:
    worker = Worker(topic(b"7", b"8"))
    worker.loop.run_once()
    assert worker.sink.ids == [7, 8]
    assert worker.topic.commits == {0: 2}


def test_events_are_decoded_at_the_time_of_the_clock() -> None:
    worker = Worker(topic(b"7"))
    worker.loop.run_once()
    assert worker.sink.events == [PostDelete(7, deleted_at=1000)]


def test_a_single_message_does_not_wait_for_a_full_batch() -> None:
    worker = Worker(topic())
    worker.loop.run_once()
    worker.topic.produce(b"7")
    worker.loop.run_once()
    assert worker.sink.ids == [7]


def test_batches_are_larger_while_catching_up() -> None:
    worker = Worker(topic(*numbers(1, 45)))
    worker.loop.run_once()
    first = len(worker.sink.ids)
    worker.topic.produce(*numbers(46, 60))
    sizes = [first]
    while len(worker.sink.ids) < 60:
        before = len(worker.sink.ids)
        worker.loop.run_once()
        sizes.append(len(worker.sink.ids) - before)
    assert sizes == [10, 20, 20, 10], "the first batch is asked for before there is anything to catch up with"


def test_nothing_is_committed_before_the_sink_has_acknowledged() -> None:
    worker = Worker(topic(b"7"))
    committed: list[dict[int, int]] = []
    worker.sink.failures = 2
    worker.sink.on_failure = lambda: committed.append(dict(worker.topic.commits))
    worker.loop.run_once()
    assert committed == [{0: 0}, {0: 0}]
    assert worker.topic.commits == {0: 1}
    assert worker.sink.ids == [7]


class Examiner(NoMarks):
    """Notes what is examined, and what was written before. Fails once."""

    def __init__(self, sink: MemorySink) -> None:
        self.examined: list[tuple[list[int], list[int]]] = []
        self._sink = sink
        self._fails = True

    def examine(self, outcomes: Iterable[tuple[Message, object]], now: int) -> None:
        assert now == 1000
        self.examined.append(([message.offset for message, _ in outcomes], [*self._sink.ids]))
        if self._fails:
            self._fails = False
            raise StoreUnavailable


def test_the_store_is_examined_before_each_write() -> None:
    worker = Worker(topic(b"7", b"8"))
    examiner = Examiner(worker.sink)
    worker.watch(examiner)
    worker.loop.run_once()
    worker.topic.produce(b"9")
    worker.loop.run_once()
    assert examiner.examined == [([0, 1], []), ([0, 1], []), ([2], [7, 8])]
    assert worker.sink.ids == [7, 8, 9]


def test_nothing_is_decoded_by_a_wrong_clock() -> None:
    worker = Worker(topic(b"7"))
    worker.now = 5000
    worker.refusals_of_clock = 2
    held: list[float | None] = []

    def correct_clock() -> None:
        held.append(worker.metric("ingest_held_batches"))
        worker.now = 1000

    worker.on_refusal = correct_clock
    worker.loop.run_once()
    assert held == [0, 1]
    assert worker.sink.events == [PostDelete(7, deleted_at=1000)]
    assert worker.topic.commits == {0: 1}
    assert worker.metric("ingest_held_batches") == 0


def test_nothing_is_written_by_a_wrong_clock() -> None:
    worker = Worker(topic(b"7"))
    worker.sink.failures = 1

    def set_clock() -> None:
        worker.refusals_of_clock = 1
        worker.on_refusal = lambda: written.append(len(worker.sink.ids))

    written: list[int] = []
    worker.sink.on_failure = set_clock
    worker.loop.run_once()
    assert written == [0]
    assert worker.sink.ids == [7]


def test_wrong_clock_is_not_logged_by_each_thread(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(topic(b"7"))
    worker.refusals_of_clock = 1
    worker.loop.run_once()
    assert worker.sink.ids == [7]
    assert caplog.text == ""


def test_messages_of_a_lost_partition_are_left_out() -> None:
    worker = Worker(topic(b"7", partitions=2))
    worker.topic.produce(b"8", partition=1)
    worker.refusals_of_clock = 1
    worker.on_refusal = lambda: worker.consumer.rebalance(lost=[0])
    worker.loop.run_once()
    assert worker.sink.ids == [8]


def test_worker_with_a_wrong_clock_can_be_stopped() -> None:
    worker = Worker(topic(b"7"))
    worker.refusals_of_clock = 10

    def stop() -> None:
        worker.stopped = True

    worker.on_refusal = stop
    worker.loop.run_once()
    assert worker.sink.ids == []
    assert worker.topic.commits == {0: 0}


def test_dead_letters_are_acknowledged_before_the_commit() -> None:
    worker = Worker(topic(b"bad", b"7"))
    committed: list[dict[int, int]] = []
    worker.dead_letters.failures = 2
    worker.dead_letters.on_failure = lambda: committed.append(dict(worker.topic.commits))
    worker.loop.run_once()
    assert committed == [{0: 0}, {0: 0}]
    assert worker.topic.commits == {0: 2}
    assert worker.sink.ids == [7], "the sink is not given the batch again"


def test_a_bad_message_is_dead_lettered_and_the_batch_goes_on() -> None:
    worker = Worker(topic(b"7", b"bad", b"8"))
    worker.loop.run_once()
    assert worker.sink.ids == [7, 8]
    assert [letter.message.offset for letter in worker.dead_letters.written] == [1]
    assert worker.topic.commits == {0: 3}


def test_a_batch_of_bad_messages_alone_is_committed_too() -> None:
    worker = Worker(topic(b"bad", b"worse"))
    worker.loop.run_once()
    assert worker.topic.commits == {0: 2}


def test_dead_letter_limits_stop_it_without_a_commit() -> None:
    worker = Worker(topic(*[b"bad"] * 100))
    with pytest.raises(TooManyBadMessages, match="Topic posts: 30 messages in a row are malformed"):
        worker.loop.run()
    assert worker.topic.commits == {0: 10}
    assert len(worker.dead_letters.written) == 10
    assert worker.consumer.closed, "the group is left, so that it notices at once"


def test_messages_of_a_partition_lost_while_held_are_left_out() -> None:
    worker = Worker(topic(b"7", partitions=2))
    worker.topic.produce(b"8", partition=1)
    worker.sink.failures = 1
    worker.sink.on_failure = lambda: worker.consumer.rebalance(lost=[0])
    worker.loop.run_once()
    assert worker.sink.ids == [8]
    assert worker.topic.commits == {0: 0, 1: 1}


def test_a_held_batch_is_left_to_the_next_worker_on_stop() -> None:
    worker = Worker(topic(b"7"))
    worker.sink.failures = 1

    def stop() -> None:
        worker.stopped = True

    worker.sink.on_failure = stop
    worker.loop.run()
    assert worker.topic.commits == {0: 0}
    assert worker.consumer.closed
    successor = Worker(worker.topic)
    successor.loop.run_once()
    assert successor.sink.ids == [7]


def test_a_stop_lets_the_batch_at_hand_be_finished() -> None:
    worker = Worker(topic(b"7"))

    class StoppingSink(MemorySink):
        def write(self, events: Sequence[Event], now: int) -> None:
            worker.stopped = True
            super().write(events, now)

    worker.loop = IngestLoop(
        "posts",
        Adapters(worker.consumer, DIGITS, StoppingSink(), worker.dead_letters, print),
        POLICIES,
        WriteLimiter(1),
        IngestMetrics(CollectorRegistry()),
        lambda: 1000,
        lambda: worker.stopped,
    )
    worker.loop.run()
    assert worker.topic.commits == {0: 1}


def test_ready_when_the_events_of_the_start_are_applied() -> None:
    worker = Worker(topic(*numbers(1, 25)))
    assert not worker.loop.caught_up, "the group has not assigned anything"
    worker.loop.run_once()
    assert not worker.loop.caught_up
    worker.loop.run_once()
    assert worker.loop.caught_up
    assert worker.reported == [0]


def test_progress_is_reported_for_the_lineage_it_was_made_with() -> None:
    held = topic(b"7")
    held.lineage_now = "first"
    worker = Worker(held)
    worker.sink.failures = 1
    worker.sink.on_failure = lambda: setattr(held, "lineage_now", "second")

    worker.loop.run_once()
    assert worker.reported_lineages == ["first"]

    worker.loop.run_once()
    assert worker.sink.ids == [7, 7], "it is written again"
    assert worker.reported_lineages == ["first", "second"]


def test_markers_at_the_end_are_passed_and_committed() -> None:
    held = topic(b"7")
    for _ in range(1500):
        held.write_marker()
    worker = Worker(held)
    worker.loop.run_once()
    assert worker.loop.caught_up
    assert held.commits == {0: 1501}
    assert worker.metric("kafka_partition_lag", topic="posts", partition="0") == 0
    held.write_marker()
    worker.loop.run_once()
    assert held.commits == {0: 1502}, "without a message, too"


def test_a_held_batch_is_not_passed_on_stop() -> None:
    held = topic(b"7")
    worker = Worker(held)
    worker.sink.failures = 1
    worker.sink.on_failure = lambda: setattr(worker, "stopped", True)
    worker.loop.run_once()
    assert held.commits == {0: 0}


def test_ready_on_empty_partitions() -> None:
    worker = Worker(topic(partitions=3))
    worker.loop.run_once()
    assert worker.loop.caught_up
    assert sorted(worker.reported) == [0, 1, 2]


def test_ready_without_partitions() -> None:
    worker = Worker(MemoryTopic(partitions=0))
    worker.loop.run_once()
    assert worker.loop.caught_up


def test_largest_is_ready_without_reading_what_was_there() -> None:
    worker = Worker(topic(*numbers(1, 25)), OffsetReset.LARGEST)
    worker.loop.run_once()
    assert worker.loop.caught_up
    assert worker.sink.ids == []


def test_a_report_is_repeated_each_interval() -> None:
    worker = Worker(topic())
    worker.loop.run_once()
    worker.loop.run_once()
    assert worker.reported == [0]
    worker.now += 30
    worker.loop.run_once()
    assert worker.reported == [0, 0]


def test_the_lag_is_shown_and_goes_with_the_partition() -> None:
    worker = Worker(topic(*numbers(1, 25), partitions=2))
    worker.loop.run_once()
    assert worker.metric("kafka_partition_lag", topic="posts", partition="0") == 15
    assert worker.metric("kafka_partition_lag", topic="posts", partition="1") == 0
    worker.consumer.rebalance(lost=[0])
    worker.loop.run_once()
    assert worker.metric("kafka_partition_lag", topic="posts", partition="0") is None


def test_the_lag_is_shown_of_a_partition_that_goes_and_comes_back() -> None:
    worker = Worker(topic())
    worker.loop.run_once()
    worker.consumer.rebalance(lost=[0], gained=[0])
    worker.loop.run_once()
    assert worker.metric("kafka_partition_lag", topic="posts", partition="0") == 0


def test_a_batch_is_said_to_be_held_after_its_lag_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(topic(b"7", b"8"))
    worker.sink.failures = 1
    seen: list[tuple[float | None, float | None]] = []

    def idle(_: float) -> None:
        lag = worker.metric("kafka_partition_lag", topic="posts", partition="0")
        seen.append((worker.metric("ingest_held_batches"), lag))

    monkeypatch.setattr(worker.consumer, "idle", idle)
    worker.loop.run_once()
    assert seen == [(1, 2)]


def test_the_lag_grows_in_sight_while_a_batch_is_held() -> None:
    worker = Worker(topic(b"7"))
    worker.sink.failures = 2
    seen: list[float | None] = []

    def produce() -> None:
        seen.append(worker.metric("kafka_partition_lag", topic="posts", partition="0"))
        worker.topic.produce(*numbers(1, 9))
        worker.now += 30

    worker.sink.on_failure = produce
    worker.loop.run_once()
    assert seen == [None, 10]


def test_metrics_tell_what_was_read() -> None:
    worker = Worker(topic(b"7", b"8", b"-", None, b"bad"))
    worker.loop.run_once()
    assert worker.metric("ingest_events_total", type="delete") == 2
    assert worker.metric("ingest_ignored_events_total", kind="tweet_undelete") == 1
    assert worker.metric("ingest_ignored_events_total", kind="null_payload") == 1
    assert worker.metric("ingest_dead_letters_total", reason="bad_wire") == 1
    assert worker.metric("kafka_messages_failed_parse_total") == 1
    assert worker.metric("batch_processing_seconds_count") == 1
    assert worker.metric("batch_processing_time_count") == 1


def test_a_bad_message_is_logged_with_its_offset_and_a_preview(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(topic(b"x" * 1000))
    worker.loop.run_once()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("Failed to parse Kafka message: topic posts partition 0 offset 0: bad_wire: not a number")
    assert "1000 bytes" in line
    assert "78" * 32 in line
    assert len(line) < 250


def test_a_message_alone_is_written_at_once_and_those_after_it_gathered() -> None:
    worker = Worker(topic(b"7", b"8"))
    waits: list[float] = []
    poll = worker.consumer.poll

    def poll_and_ask(wanted: int, gather: Gather = no_gathering) -> list[Message]:
        waits.append(gather(0.0))
        return poll(1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.consumer, "poll", poll_and_ask)
        patch.setattr("ingest.loop.time.monotonic", lambda: 77.0)
        for _ in range(3):
            worker.loop.run_once()
    assert waits == pytest.approx([-math.inf, 0.02, 0.005]), "at once, catching up, after a batch"
