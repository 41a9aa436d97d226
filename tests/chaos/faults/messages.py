"""F8, F9, F10: messages that are no events, and dead letters that Kafka does not take."""

import random
from collections.abc import Generator

from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.chaos.side import Side
from tests.chaos.stage import DEAD_LETTERS, TOPIC
from tests.support.wait import eventually

_LARGE = 10 * 2**20
_COPIES = "min.insync.replicas"


@fault("F8", "poison", "messages that are no events, one of 10 MiB, and creates of absurd moments", hold=(1, 3))
def poison_between_events(run: Run) -> Generator[None, None, str]:
    before = _malformed(run)
    run.load.write_poison(run.random.randint(50, 150))
    run.load.write_poison(1, _large)
    seen = eventually(lambda: _malformed(run) - before, "malformed messages to be counted", 60)
    yield
    return f"the workers counted {seen:.0f} malformed messages and more"


def _large(drawn: random.Random) -> bytes:
    return b"\xff" + drawn.randbytes(1000) + bytes(_LARGE)


def _malformed(run: Run) -> float:
    return sum(worker.metrics().value("kafka_messages_failed_parse_total") for worker in run.stage.workers)


@fault(
    "F9",
    "all-poison",
    "a topic of nothing but poison: its worker stops, nothing is committed past the limit",
    hold=(0, 0),
)
def all_poison(run: Run) -> Generator[None, None, str]:
    with Side(run, "poison") as side:
        side.write_messages(*[b"junk"] * 500)
        worker = side.start(
            *("--kafka-batch-size", "20", "--catch-up-batch-size", "20", "--poison-consecutive-limit", "100"),
        )
        code = worker.wait(60)
        committed = side.committed
    yield
    assert committed <= 100, f"{committed} messages are committed, the limit is 100 in a row"
    return f"exit code {code}, {committed} of 500 messages committed" if code else ""


@fault("F10", "dead-letters-refused", "Kafka takes no dead letters: nothing is committed past a bad message", limit=60)
def dead_letters_refused(run: Run) -> Generator[None, None, str]:
    """It wants a copy of each on all brokers, one of which is down."""
    kafka = run.stage.kafka
    kafka.set_option(DEAD_LETTERS, _COPIES, "3")
    broker = run.random.choice(kafka.brokers)
    broker.kill()
    eventually(lambda: kafka.copies(DEAD_LETTERS) == 2, "a copy of the dead letters to be out of step", 60, 0.2)
    known = len(run.history.poison)
    run.load.write_poison(5)
    eventually(lambda: len(run.history.poison) > known, "the bad messages to be in the topic", 60)
    held = eventually(lambda: _held(run), "a worker to hold its batch", 60)
    yield
    bad = run.history.poison[known:]
    commits = run.commits()
    passed = [place for place in bad if commits.get(place.partition, 0) > place.offset]
    passed = [place for place in passed if place not in run.history.dead_letters]
    assert not passed, f"committed past bad messages without a dead letter: {passed}"
    broker.start()
    broker.wait_until_started()
    kafka.wait_until_whole(DEAD_LETTERS)
    kafka.wait_until_whole(TOPIC)
    kafka.set_option(DEAD_LETTERS, _COPIES, "2")
    return f"{len(bad)} bad messages, {held:.0f} batches held, no commit past them"


def _held(run: Run) -> float:
    return sum(worker.metrics().value("ingest_held_batches") for worker in run.stage.workers)
