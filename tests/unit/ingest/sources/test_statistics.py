from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.rates import RateMeter, Rates, Throughput
from ingest.sources.statistics import Counts, MessageCounts, as_fields, of_fields

COUNTS = Counts(10, 4, 1, 2, 3, {"post": 5, "reply": 1}, {"like": 2}, {"queue_full": 2})


def test_messages_are_counted_by_disposition_and_label() -> None:
    counts = MessageCounts()
    counts.add(ParsedMessage(Disposition.SENT, "post", has_bad_date=True))
    counts.add(ParsedMessage(Disposition.SENT, "post"))
    counts.add(ParsedMessage(Disposition.IGNORED, "like"))
    counts.add(ParsedMessage(Disposition.DROPPED, "bad_time"))
    counts.dropped_when_full()

    assert (counts.received, counts.bad_dates) == (5, 1)
    assert counts.of(Disposition.SENT) == {"post": 2}
    assert counts.of(Disposition.IGNORED) == {"like": 1}
    assert counts.of(Disposition.DROPPED) == {"bad_time": 1, "queue_full": 1}


def test_counts_become_fields_and_back() -> None:
    assert as_fields(COUNTS) == {
        "received": 10,
        "produced": 4,
        "failed": 1,
        "bad_dates": 2,
        "reconnects": 3,
        "sent:post": 5,
        "sent:reply": 1,
        "ignored:like": 2,
        "dropped:queue_full": 2,
    }
    assert of_fields(as_fields(COUNTS)) == COUNTS
    assert of_fields({}) == Counts(0, 0, 0, 0, 0, {}, {}, {})


def test_rates_are_recent_and_overall() -> None:
    meter = RateMeter(100.0)
    for second in range(1, 11):
        meter.sample(100.0 + second, received=10 * second, produced=5 * second)
    for second in range(1, 10):
        meter.sample(110.0 + second, received=100 + 100 * second, produced=50)

    pace = meter.sample(120.0, received=1100, produced=50)

    assert pace == Throughput(seconds=20.0, recent=Rates(100.0, 0.0), overall=Rates(55.0, 2.5))


def test_a_rate_at_the_start_is_a_number() -> None:
    assert RateMeter(100.0).sample(100.0, 0, 0) == Throughput(0, Rates(0, 0), Rates(0, 0))
