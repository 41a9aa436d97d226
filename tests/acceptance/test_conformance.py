"""The scenarios through the whole stack: produced to a broker, ingested by a worker, asked over gRPC."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest

import pytest
from prometheus_client import CollectorRegistry

from common.lifecycle import Stop
from common.settings.ingest import IngestSettings
from common.settings.serve import ServeSettings
from common.store.clock_check import ClockCheck
from ingest.app import ingest_role
from tests.acceptance.pipeline import pipeline
from tests.acceptance.replay import Replay, Wave, replay
from tests.support.conformance.scenarios import scenarios
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Thunder
from tests.support.serving.serve_thread import ServeThread
from tests.support.unused import unique
from tests.support.wait import eventually

PARTITIONS = 4


def joined(replays: list[Replay]) -> Iterator[Wave]:
    """The first waves of all, then the second, ..."""
    for waves in zip_longest(*(one.waves for one in replays)):
        present = [wave for wave in waves if wave]
        yield Wave(present[0].at, [event for wave in present for event in wave.events])


def test_scenarios_that_hold_from_outside(kafka: KafkaBroker, redis_url: str, thunder: Thunder) -> None:
    topic, dead_letters = unique("posts"), unique("dead")
    kafka.create_topic(topic, PARTITIONS)
    source = ["--in-network-events-consumer-dest", kafka.bootstrap, "--innetwork-post-topic", topic]
    store = ["--redis-url", redis_url]
    ingest = thunder.start(
        "ingest", "--kafka-group-id", unique("group"), *source, *store, "--dead-letter-topic", dead_letters
    )
    serve = thunder.start("serve", *store)
    ingest.wait_until_ready()
    serve.wait_until_ready()
    replays = [
        replay(scenario, number, int(time.time()))
        for number, scenario in enumerate(scenarios(), start=1)
        if scenario.replay
    ]
    with pipeline(kafka.bootstrap, topic, PARTITIONS, serve.grpc_port) as running:
        for wave in joined(replays):
            running.feed(wave)
        wrong = [
            (one.name, expected, found)
            for one in replays
            for request, expected in zip(one.requests, one.expected, strict=True)
            if not expected.matches(found := running.ask(request))
        ]
    assert not wrong
    assert len(replays) == 241 + 36 + 9


class SetClock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@contextmanager
def roles_in_this_process(settings: Mapping[str, object], clock: SetClock) -> Generator[ServeThread]:
    """Ingest and serve by one clock."""
    stop = Stop()
    ingest = ingest_role(IngestSettings.model_validate(settings), stop, CollectorRegistry(), clock)
    serve = ServeThread(clock, **{name: settings[name] for name in settings.keys() & ServeSettings.model_fields.keys()})
    try:
        ingest.start(on_ready=lambda: None)
        serve.start()
        eventually(lambda: not (ingest.not_ready() or serve.state.not_ready()), "ingest and serve are ready")
        yield serve
    finally:
        serve.end()
        stop.set()
        ingest.join(30)


@pytest.mark.parametrize("retention", [600, 172_800])
def test_scenarios_that_need_a_clock(
    kafka: KafkaBroker, redis_url: str, retention: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClockCheck, "disagreement", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    topic = unique("posts")
    kafka.create_topic(topic, PARTITIONS)
    settings = {
        "kafka_group_id": unique("group"),
        "in_network_events_consumer_dest": kafka.bootstrap,
        "innetwork_post_topic": topic,
        "redis_url": redis_url,
        "post_retention_seconds": retention,
        "clock_skew_seconds": 0,
    }
    timed = [one for one in scenarios() if not one.replay and one.retention_seconds == retention]
    clock = SetClock()
    with (
        roles_in_this_process(settings, clock) as serve,
        pipeline(kafka.bootstrap, topic, PARTITIONS, serve.state.grpc_port(timeout=30)) as running,
    ):
        for number, scenario in enumerate(timed, start=1):
            moved = replay(scenario, number, scenario.now)
            for wave in moved.waves:
                clock.now = wave.at
                running.feed(wave)
            clock.now = scenario.now
            for request, expected in zip(moved.requests, moved.expected, strict=True):
                assert expected.matches(running.ask(request)), scenario.name
    assert timed
