from collections import Counter
from collections.abc import Mapping

import pytest

from common.errors import StoreUnavailable
from ingest.sources.count_store import CountKeeper
from ingest.sources.statistics import Counts

NONE = Counts(0, 0, 0, 0, 0, {}, {}, {})


class Hash:
    """A hash of Redis in memory, which can be out of reach."""

    def __init__(self) -> None:
        self.fields = Counter[str]()
        self.position = ""
        self.calls = 0
        self.is_away = False

    def add(self, more: Mapping[str, int], position: str) -> None:
        self.calls += 1
        if self.is_away:
            raise StoreUnavailable("gone")
        self.fields.update(more)
        self.position = position


def test_each_message_is_added_once() -> None:
    kept = Hash()
    keeper = CountKeeper(kept.add)
    keeper.keep(NONE._replace(received=2, sent={"post": 2}), "2")
    keeper.keep(NONE._replace(received=5, sent={"post": 3, "reply": 1}, ignored={"like": 1}), "5")

    assert kept.fields == {"received": 5, "sent:post": 3, "sent:reply": 1, "ignored:like": 1}
    assert kept.position == "5"


def test_nothing_new_is_not_written() -> None:
    kept = Hash()
    keeper = CountKeeper(kept.add)
    keeper.keep(NONE, "")
    for _ in range(3):
        keeper.keep(NONE._replace(received=1), "1")

    assert kept.calls == 1


def test_counts_of_a_redis_outage_are_added_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    kept = Hash()
    keeper = CountKeeper(kept.add)
    kept.is_away = True
    for received in (1, 2, 3):
        keeper.keep(NONE._replace(received=received), str(received))
    kept.is_away = False
    for received in (4, 5):
        keeper.keep(NONE._replace(received=received), str(received))

    assert (kept.fields, kept.position) == ({"received": 5}, "5")
    assert caplog.messages == [
        "Counts and position are not stored while Redis is unavailable; the source continues: gone",
        "Counts and position are stored again",
    ]
