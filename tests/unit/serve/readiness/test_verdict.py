from serve.readiness.verdict import READY, Readiness, StoreStatus, Verdict

CATCHING_UP = StoreStatus(answers=True, lineage="first", caught_up=False, waiting_for="ingest")
NOTHING_STORED = CATCHING_UP._replace(lineage=None)
CAUGHT_UP = CATCHING_UP._replace(caught_up=True, waiting_for="")
SILENT = StoreStatus(answers=False, lineage=None, caught_up=False, waiting_for="Redis does not answer")
NO_REDIS = Verdict(ready=False, reason="Redis does not answer")
NO_INGEST = Verdict(ready=False, reason="serving waits for ingest")


def verdicts(*statuses: StoreStatus) -> list[Verdict]:
    readiness = Readiness()
    return [readiness.evaluate(status) for status in statuses]


def test_the_first_readiness_waits_for_ingest() -> None:
    assert verdicts(SILENT, NOTHING_STORED, CATCHING_UP, CAUGHT_UP) == [
        NO_REDIS,
        NO_INGEST,
        NO_INGEST,
        READY,
    ]


def test_later_lag_is_no_reason_to_stop_serving() -> None:
    assert verdicts(CAUGHT_UP, CATCHING_UP) == [READY, READY]


def test_wrong_clock_is_not_ready_and_passes() -> None:
    wrong = CAUGHT_UP._replace(wrong_clock="this machine's clock is wrong")
    unready = Verdict(ready=False, reason="this machine's clock is wrong")
    assert verdicts(wrong, CAUGHT_UP, CATCHING_UP._replace(wrong_clock=wrong.wrong_clock), CATCHING_UP) == [
        unready,
        READY,
        unready,
        READY,
    ]


def test_ready_again_when_redis_answers_with_the_same_store() -> None:
    assert verdicts(CAUGHT_UP, SILENT, CATCHING_UP) == [READY, NO_REDIS, READY]


def test_a_store_of_a_new_lineage_must_be_refilled() -> None:
    wiped, refilled = CATCHING_UP._replace(lineage="second"), CAUGHT_UP._replace(lineage="second")
    assert verdicts(CAUGHT_UP, NOTHING_STORED, wiped, refilled, wiped) == [
        READY,
        NO_INGEST,
        NO_INGEST,
        READY,
        READY,
    ]
