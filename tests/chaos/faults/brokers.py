"""F3, F4, F5: brokers that die, all of them too, leaders and coordinators that move, a worker that is fenced."""

import signal
import time
from collections.abc import Generator

from confluent_kafka import ElectionType, TopicPartition

from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.chaos.side import Side
from tests.chaos.stage import GROUP, PARTITIONS, TOPIC
from tests.support.kafka.cluster import ClusterBroker
from tests.support.wait import eventually


@fault("F3", "broker-killed", "SIGKILL of one broker of three; its partitions get other leaders", limit=60)
def broker_killed(run: Run) -> Generator[None, None, str]:
    broker = run.random.choice(run.stage.kafka.brokers)
    return (yield from _kill(run, broker))


@fault("F4", "coordinator-killed", "SIGKILL of the broker that coordinates the group", limit=60)
def coordinator_killed(run: Run) -> Generator[None, None, str]:
    kafka = run.stage.kafka
    before = kafka.coordinator(GROUP)
    died = yield from _kill(run, kafka.broker(before))
    after = kafka.coordinator(GROUP)
    return f"{died}; coordinator {before}, then {after}" if after != before else ""


def _kill(run: Run, broker: ClusterBroker) -> Generator[None, None, str]:
    kafka = run.stage.kafka
    led = sum(leader == broker.number for leader in kafka.leaders(TOPIC).values())
    code = broker.kill()

    def moved() -> bool:
        leaders = kafka.leaders(TOPIC).values()
        return all(leader > 0 and leader != broker.number for leader in leaders)

    eventually(moved, f"other leaders than broker {broker.number}", 60, interval=0.2)
    yield
    broker.start()
    broker.wait_until_started()
    kafka.wait_until_whole(TOPIC)
    return f"broker {broker.number}: exit code {code}, {led} of {PARTITIONS} partitions got another leader"


@fault("F4", "leaders-moved", "leaders of partitions move off a broker and back: NOT_LEADER", limit=60)
def leaders_moved(run: Run) -> Generator[None, None, str]:
    """The brokers stay up when they move back."""
    kafka = run.stage.kafka
    broker = run.random.choice(kafka.brokers)
    assert broker.child
    broker.child.terminate(60)
    without = kafka.leaders(TOPIC)
    broker.start()
    broker.wait_until_started()
    kafka.wait_until_whole(TOPIC)
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    kafka.admin.elect_leaders(ElectionType.PREFERRED, partitions).result(30)

    def moved() -> int:
        leaders = kafka.leaders(TOPIC)
        return sum(leader != without[number] for number, leader in leaders.items())

    count = eventually(moved, "leaders to move back", 30, interval=0.2)
    yield
    return f"{count} partitions were led by others, and by broker {broker.number} again"


@fault("F3", "all-brokers-down", "SIGKILL of all brokers", hold=(8, 12), limit=90)
def all_brokers_down(run: Run) -> Generator[None, None, str]:
    kafka = run.stage.kafka
    codes = [broker.kill() for broker in kafka.brokers]
    if run.is_long:
        run.hold(48)
    yield
    for broker in kafka.brokers:
        broker.start()
    for broker in kafka.brokers:
        broker.wait_until_started()
    kafka.wait_until_whole(TOPIC)
    return f"exit codes {codes}" if set(codes) == {-signal.SIGKILL} else ""


@fault("F5", "slow-broker", "everything that clients send to one broker and back takes 0.3 to 0.8 s more", hold=(6, 12))
def slow_broker(run: Run) -> Generator[None, None, str]:
    kafka = run.stage.kafka
    leaders = sorted(set(kafka.leaders(TOPIC).values()))  # after other faults a broker may lead nothing for a while
    link = kafka.broker(run.random.choice(leaders)).link
    before, revoked = link.delayed, _rebalances(run)
    link.slow(run.random.uniform(0.15, 0.4))
    yield
    link.slow(0)
    storm = _rebalances(run) - revoked
    assert storm <= 3, f"{storm} rebalances of the workers while a broker was slow"
    return f"{link.delayed - before} packets were late, {storm} rebalances" if link.delayed > before else ""


def _rebalances(run: Run) -> int:
    return sum(worker.output().count(" partitions of innetwork_post: ") for worker in run.stage.workers)


@fault(
    "F4",
    "worker-fenced",
    "a second worker takes the static name of a first one: FENCED_INSTANCE_ID",
    limit=120,
    long=True,
)
def worker_fenced(run: Run) -> Generator[None, None, str]:
    flags = ("--kafka-group-instance-id", f"static-{time.monotonic_ns()}")
    first = run.stage.start_worker(*flags)
    first.wait_until_ready()
    second = run.stage.start_worker(*flags)
    code = first.wait(60)
    yield
    assert second.terminate() == 0, f"{second}:\n{second.last_lines()}"
    return f"the first ended with exit code {code}" if code else ""


@fault(
    "F4",
    "out-of-range",
    "a commit lies before the first message that Kafka still holds: the earliest is next",
    hold=(0, 0),
)
def out_of_range(run: Run) -> Generator[None, None, str]:
    with Side(run, "range") as side:
        worker = side.ready()
        side.write(1, 20)
        side.wait_for(*range(1, 21))
        assert worker.terminate() == 0
        side.write(21, 60)
        end = side.delete_up_to(40)
        side.ready()
        side.wait_for(*range(1, 21), *range(41, 61))
    yield
    return f"offsets 20 to {end - 1} were deleted below a commit of 20; the worker went on at {end}"
