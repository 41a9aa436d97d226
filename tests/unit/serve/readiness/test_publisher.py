import pytest
from prometheus_client import CollectorRegistry

from common.store.marks import MarkKind
from serve.metrics import ServeMetrics
from serve.readiness.publisher import ReadinessPublisher
from serve.readiness.state import ServingState
from serve.readiness.verdict import LeftOut, Verdict
from tests.support.in_loop import in_loop

LEFT_OUT = LeftOut(posts=86, follows=2, buckets=256, reasons="Redis a:1 is being refilled")
READY, PARTLY = Verdict(ready=True), Verdict(ready=True, left_out=LEFT_OUT)


class Health:
    """Answers of the health service."""

    def __init__(self) -> None:
        self.answers: list[bool] = []

    async def publish(self, *, ready: bool) -> None:
        self.answers.append(ready)


class Published:
    """What a publisher has published."""

    def __init__(self) -> None:
        self.state, self.health, self.registry = ServingState(), Health(), CollectorRegistry()
        metrics = ServeMetrics(self.registry, lambda: 0, lambda: 0.0)
        self.publish = ReadinessPublisher(self.state, self.health, metrics).publish

    def gauges(self) -> list[float | None]:
        return [self.registry.get_sample_value("serve_buckets_left_out", {"kind": kind}) for kind in MarkKind]


@in_loop
async def test_what_is_left_out_is_published_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "thunder.serve")
    published = Published()
    await published.publish(READY)
    assert (published.state.limits(), published.gauges()) == (None, [0, 0])
    for left_out in (LEFT_OUT, LEFT_OUT._replace(posts=40)):
        await published.publish(Verdict(ready=True, left_out=left_out))
    words = "posts of 40 and follow lists of 2 buckets out of 256 are left out: Redis a:1 is being refilled"
    assert (published.state.not_ready(), published.state.limits(), published.gauges()) == (None, words, [40, 2])
    await published.publish(READY)
    assert (published.state.limits(), published.gauges(), published.health.answers) == (None, [0, 0], [True])
    assert [record.message for record in caplog.records] == [
        "HTTP/gRPC server is ready",
        f"Answers are partial: {words.replace('of 40', 'of 86')}",
        "All buckets are served again",
    ]


@in_loop
async def test_readiness_is_published_when_it_changes() -> None:
    published = Published()
    for verdict in (Verdict(ready=False, reason="one"), Verdict(ready=False, reason="two"), PARTLY, READY):
        await published.publish(verdict)
    assert published.health.answers == [False, False, True]
