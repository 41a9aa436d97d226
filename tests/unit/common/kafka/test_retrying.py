from threading import Event

import pytest

from common.errors import KafkaUnavailable
from common.kafka.retrying import retry_until


def problem() -> str:
    return "no broker answers"


def test_the_first_answer_ends_the_waiting_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([None, 0])
    assert retry_until(lambda: next(answers), "brokers", problem) == 0
    assert caplog.messages == []


def test_it_says_what_it_waits_for_when_that_takes_longer(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.kafka.retrying._SILENT_SECONDS", 0.0)
    answers = iter([None, "there"])
    assert retry_until(lambda: next(answers), "brokers", problem) == "there"
    assert caplog.messages == ["Waiting for brokers: no broker answers"]


def test_retry_ends_at_the_timeout_after_one_attempt_at_least() -> None:
    assert retry_until(lambda: "there", "brokers", problem, seconds=0) == "there"
    with pytest.raises(KafkaUnavailable, match="waited 0 s for brokers: no broker answers"):
        retry_until(lambda: None, "brokers", problem, seconds=0)


def test_a_stopped_retry_has_no_answer() -> None:
    stop = Event()
    assert retry_until(stop.set, "brokers", problem, stop) is None
    assert retry_until(lambda: "there", "brokers", problem, stop) is None
