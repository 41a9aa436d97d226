from ingest.sources.rates import Rates, Throughput
from ingest.sources.statistics import Counts, Statistics
from thunder.cli.source_display import CountRow, count_rows, source_as_json, source_summary

COUNTS = Counts(10, 4, 1, 2, 0, {"reply": 1, "post": 5}, {"like": 2}, {"queue_full": 2})
TOTALS = Counts(100, 40, 1, 2, 0, {"post": 50, "reply": 50, "video": 7}, {"like": 2}, {"queue_full": 2})
STATISTICS = Statistics(COUNTS, 1, Throughput(8.0004, Rates(3, 3), Rates(1.25, 0.5)))


def test_there_is_a_row_for_what_ever_came_up_the_most_first() -> None:
    assert count_rows(COUNTS, TOTALS) == [
        CountRow("sent", "post", 5, 50),
        CountRow("sent", "reply", 1, 50),
        CountRow("sent", "video", 0, 7),
        CountRow("ignored", "like", 2, 2),
        CountRow("dropped", "queue_full", 2, 2),
    ]


def test_without_redis_there_are_the_counts_of_this_run() -> None:
    assert count_rows(COUNTS, None)[:2] == [CountRow("sent", "post", 5, None), CountRow("sent", "reply", 1, None)]


def test_what_redis_has_not_heard_of_yet_has_a_row_too() -> None:
    assert CountRow("sent", "reply", 1, 0) in count_rows(COUNTS, TOTALS._replace(sent={"post": 50}))


def test_programs_get_every_number() -> None:
    assert source_as_json("bluesky", STATISTICS, None) == {
        "source": "bluesky",
        "received": 10,
        "produced": 4,
        "failed": 1,
        "sent": {"post": 5, "reply": 1},
        "ignored": {"like": 2},
        "dropped": {"queue_full": 2},
        "bad_dates": 2,
        "reconnects": 0,
        "rates": {"received_per_second": 1.2, "produced_per_second": 0.5},
        "seconds": 8.0,
        "totals": None,
    }
    assert source_as_json("bluesky", STATISTICS, TOTALS)["totals"] == TOTALS._asdict()


def test_people_get_a_line_with_what_went_wrong_only_when_something_did() -> None:
    assert source_summary("bluesky", STATISTICS) == (
        "bluesky: received 10 (1/s), produced 4 (0/s), queue 1, failed 1, bad dates 2, in 8.0 s"
    )
    fine = STATISTICS._replace(counts=COUNTS._replace(failed=0, bad_dates=0))
    assert source_summary("x", fine).endswith("queue 1, in 8.0 s")
