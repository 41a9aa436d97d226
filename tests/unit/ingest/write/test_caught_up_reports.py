"""Reports of partitions that have caught up, to a store that may not answer."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from common.errors import StoreUnavailable
from common.lifecycle import Stop
from ingest.write.caught_up_reports import CaughtUp, CaughtUpReports
from tests.support.wait import eventually

LONGEST_SECONDS = 10


class SlowStore:
    """Holds reports; answers none while it is silent, and refuses as many as it is asked to."""

    def __init__(self) -> None:
        self.held: list[CaughtUp] = []
        self.lineage = "first"
        self.failures = 0
        self.asked = Event()
        self.answers = Event()
        self.answers.set()

    def send(self, report: CaughtUp) -> None:
        self.asked.set()
        assert self.answers.wait(LONGEST_SECONDS)
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable
        self.held.append(report)


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def reports(store: SlowStore) -> Iterator[CaughtUpReports]:
    """Reports whose thread runs."""
    reports, stop = CaughtUpReports(store.send, lambda: store.lineage), Stop()
    thread = Thread(target=reports.run, args=(stop,))
    thread.start()
    yield reports
    stop.set()
    thread.join(LONGEST_SECONDS)
    assert not thread.is_alive()


def caught_up(partition: int, lineage: str = "first") -> CaughtUp:
    return CaughtUp("posts", partition, lineage, 8)


def test_reports_are_sent(store: SlowStore, reports: CaughtUpReports) -> None:
    for number in range(2):
        reports.add(caught_up(number))
        eventually(lambda: len(store.held) == number + 1, "the report")  # noqa: B023 - called here only
    assert store.held == [caught_up(0), caught_up(1)]


def test_adding_does_not_wait_for_a_silent_store(store: SlowStore, reports: CaughtUpReports) -> None:
    store.answers.clear()
    reports.add(caught_up(0))
    assert store.asked.wait(LONGEST_SECONDS)
    for _ in range(3):
        reports.add(caught_up(1))
    assert store.held == []
    store.answers.set()
    eventually(lambda: store.held == [caught_up(0), caught_up(1)], "one report of each partition")


def test_a_report_that_failed_is_sent_again(store: SlowStore, reports: CaughtUpReports) -> None:
    store.failures = 2
    reports.add(caught_up(0))
    eventually(lambda: store.held == [caught_up(0)], "the report")


def test_what_another_lineage_had_is_not_reported(store: SlowStore, reports: CaughtUpReports) -> None:
    store.answers.clear()
    reports.add(caught_up(0))
    assert store.asked.wait(LONGEST_SECONDS)
    store.failures, store.lineage = 1, "second"
    reports.add(caught_up(1, "second"))
    store.answers.set()
    eventually(lambda: store.held == [caught_up(1, "second")], "the report of the new lineage alone")
    reports.add(caught_up(2, "second"))
    eventually(lambda: store.held == [caught_up(1, "second"), caught_up(2, "second")], "no other before it")


def test_a_newer_report_of_a_partition_is_sent_after_the_one_under_way(
    store: SlowStore, reports: CaughtUpReports
) -> None:
    store.answers.clear()
    reports.add(caught_up(0))
    assert store.asked.wait(LONGEST_SECONDS)
    newer = caught_up(0)._replace(partitions=9)
    reports.add(newer)
    store.answers.set()
    eventually(lambda: store.held == [caught_up(0), newer], "both reports")
