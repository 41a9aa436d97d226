import pytest

from common.errors import ConfigurationError
from thunder.operations.letter_replay import Refusal, Repair, ReplayCounts


def test_a_repair_is_a_filter() -> None:
    assert Repair("tail -c +3")(b"12rest") == b"rest"


@pytest.mark.parametrize("command", ["false", "true", "tail -c +9"])
def test_a_repair_that_fails_or_gives_nothing_refuses(command: str) -> None:
    with pytest.raises(Refusal):
        Repair(command)(b"rest")


def test_a_repair_that_cannot_run_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match="cannot run no-such-program"):
        Repair("no-such-program -x")(b"rest")
    with pytest.raises(ConfigurationError, match="--repair"):
        Repair("'")


def test_counts_are_said_in_words() -> None:
    counts = ReplayCounts()
    assert counts.in_words(dry_run=False) == "0 sent, 0 refused"
    counts.sent, counts.without_key, counts.repeated = 1200, 3, 2
    counts.reasons.update({"a": 1, "b": 5})
    assert counts.in_words(dry_run=True) == (
        "1,200 would be sent (without their keys 3, which Kafka no longer has), 6 refused: b 5, a 1, "
        "2 left out as repeated letters"
    )
