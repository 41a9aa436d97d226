from prometheus_client import CollectorRegistry

from ingest.sources.catalogue import Labels
from ingest.sources.metrics import SourceMetrics
from ingest.sources.statistics import Counts


def test_every_label_exists_from_the_start() -> None:
    counts = Counts(0, 0, 0, 0, 0, {}, {}, {})
    registry = CollectorRegistry()
    SourceMetrics(registry, Labels(("post", "reply"), ("like",), ("bad_time",)), lambda: counts, lambda: 3)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("source_sent_total", kind="post") == 0
    assert value("source_ignored_total", kind="like") == 0
    assert [value("source_dropped_total", reason=why) for why in ("bad_time", "too_large", "queue_full")] == [0, 0, 0]
    assert value("source_queue_depth") == 3

    counts = Counts(10, 4, 1, 2, 3, {"post": 5}, {"like": 2}, {"queue_full": 2})
    names = ("received", "produced", "failed", "bad_dates", "reconnects")
    assert [value(f"source_{name}_total") for name in names] == [10, 4, 1, 2, 3]
    assert value("source_sent_total", kind="post") == 5
    assert value("source_sent_total", kind="reply") == 0
    assert value("source_dropped_total", reason="queue_full") == 2
