import asyncio
import gc
import time
import weakref

import pytest

from serve.overload import scheduler as scheduler_module
from serve.overload.scheduler import IN_FLIGHT_SECONDS, MOST_IN_FLIGHT, RequestScheduler, Scheduled
from tests.support.in_loop import in_loop


def work_for(seconds: float) -> None:
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        pass


async def busy(seconds: float = 0.002) -> None:
    """Two steps of work."""
    work_for(seconds)
    await asyncio.sleep(0)
    work_for(seconds)


async def run_scheduled(scheduler: RequestScheduler, seconds: float = 0.002) -> None:
    await Scheduled(busy(seconds), scheduler, "a")


@in_loop
async def test_work_returns_what_it_returns_and_raises_what_it_raises() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    scheduler = RequestScheduler()
    assert await Scheduled(answer(), scheduler, "a") == 42
    with pytest.raises(ValueError, match="broken"):
        await Scheduled(fail(), scheduler, "a")
    assert await Scheduled(answer(), scheduler, "a") == 42


@in_loop
async def test_an_awaited_failure_reaches_the_work() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def recover() -> str:
        try:
            await future
        except OSError:
            return "recovered"
        return "nothing to recover from"

    working = asyncio.create_task(wait_for(Scheduled(recover(), RequestScheduler(), "a")))
    await asyncio.sleep(0)
    future.set_exception(OSError())
    assert await working == "recovered"


async def wait_for(work: Scheduled[str]) -> str:
    return await work


@in_loop
async def test_calls_are_accepted_while_much_work_waits() -> None:
    scheduler, iterations, ended = RequestScheduler(), 40, list[int]()

    async def accept_calls() -> None:
        for _ in range(iterations):
            scheduler.call_arrived()
            await asyncio.sleep(0)

    works = [asyncio.create_task(run_scheduled(scheduler)) for _ in range(50)]
    for work in works:
        work.add_done_callback(lambda _: ended.append(1))
    await accept_calls()
    assert len(ended) < 15, "the calls did not wait for all the work"
    await asyncio.gather(*works)


@in_loop
async def test_started_work_goes_before_new_work() -> None:
    scheduler, began, ended = RequestScheduler(), list[int](), list[int]()

    async def numbered(number: int) -> None:
        began.append(number)
        await busy()
        ended.append(number)

    async def one(number: int) -> None:
        await Scheduled(numbered(number), scheduler, "a")

    await asyncio.gather(*(one(number) for number in range(20)))
    assert began == ended == list(range(20))


@in_loop
async def test_the_delay_is_the_wait_of_the_oldest_new_request() -> None:
    scheduler = RequestScheduler()
    assert scheduler.queueing_delay() == 0
    works = [asyncio.create_task(run_scheduled(scheduler, 0.005)) for _ in range(20)]
    delays = list[float]()
    while not all(work.done() for work in works):
        await asyncio.sleep(0)
        delays.append(scheduler.queueing_delay())
    assert max(delays) > 0.05
    assert scheduler.queueing_delay() == 0


@in_loop
async def test_cancelled_work_gets_the_exception_and_frees_the_loop() -> None:
    scheduler, cancelled = RequestScheduler(), list[str]()

    async def patient(name: str) -> None:
        try:
            work_for(0.002)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(name)
            raise

    async def one(name: str) -> None:
        await Scheduled(patient(name), scheduler, "a")

    waiting = [asyncio.create_task(one(str(number))) for number in range(20)]
    others = [asyncio.create_task(run_scheduled(scheduler)) for _ in range(20)]
    for iterations in range(40):  # while it waits, when it is scheduled, while it awaits
        await asyncio.sleep(0)
        waiting[iterations // 2].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await asyncio.wait_for(asyncio.gather(*others), 20)
    assert cancelled


@in_loop
async def test_a_timeout_inside_the_work_ends_inside_the_work() -> None:
    async def limited() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timed out"
        return "never"

    assert await Scheduled(limited(), RequestScheduler(), "a") == "timed out"


@in_loop
async def test_a_cancelled_request_leaves_no_cycle() -> None:
    class Held:
        """Something that the request has in hand."""

    async def work() -> None:
        held = Held()
        freed.append(weakref.ref(held))
        await asyncio.Future[None]()

    async def request() -> None:
        await Scheduled(work(), scheduler, "a")

    scheduler, freed = RequestScheduler(), list[weakref.ref[Held]]()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            task, begun = asyncio.create_task(request()), len(freed) + 1
            while len(freed) < begun:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            del task
        assert [ref() for ref in freed] == [None] * 20
    finally:
        gc.enable()


class Reads:
    """Requests that wait for Redis, which answers one with answer()."""

    def __init__(self) -> None:
        self.scheduler = RequestScheduler()
        self.sent: list[str] = []
        self._replies: list[asyncio.Future[None]] = []

    def start(self, caller: str) -> asyncio.Task[None]:
        return asyncio.create_task(self._request(caller))

    def answer(self, number: int) -> None:
        self._replies[number].set_result(None)

    def answer_all(self) -> None:
        for reply in self._replies:
            if not reply.done():
                reply.set_result(None)

    async def _request(self, caller: str) -> None:
        await Scheduled(self._read(caller), self.scheduler, caller)

    async def _read(self, caller: str) -> None:
        work_for(0.003)
        self.sent.append(caller)
        self._replies.append(asyncio.get_running_loop().create_future())
        await self._replies[-1]


async def iterate(iterations: int = 300) -> None:
    """Enough for all steps that may run."""
    for _ in range(iterations):
        await asyncio.sleep(0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for Redis count however long they take."""
    monkeypatch.setattr(scheduler_module, "IN_FLIGHT_SECONDS", 3600.0)


@pytest.mark.usefixtures("patient")
@in_loop
async def test_few_requests_wait_for_redis_and_the_next_goes_when_one_is_answered() -> None:
    reads = Reads()
    tasks = [reads.start("many") for _ in range(3 * MOST_IN_FLIGHT)]
    await iterate()
    assert len(reads.sent) == MOST_IN_FLIGHT
    reads.answer(0)
    reads.answer(1)
    await iterate()
    assert len(reads.sent) == MOST_IN_FLIGHT + 2
    while not all(task.done() for task in tasks):
        reads.answer_all()
        await iterate(1)


@pytest.mark.usefixtures("patient")
@in_loop
async def test_a_caller_who_asks_for_little_is_next_when_redis_has_answered() -> None:
    reads = Reads()
    many = [reads.start("many") for _ in range(3 * MOST_IN_FLIGHT)]
    await iterate()
    few = reads.start("few")
    await iterate()
    reads.answer(0)
    await iterate()
    assert reads.sent[MOST_IN_FLIGHT:] == ["few"]
    while not (few.done() and all(task.done() for task in many)):
        reads.answer_all()
        await iterate(1)


@in_loop
async def test_a_node_that_is_silent_does_not_hold_the_others_up() -> None:
    reads = Reads()
    tasks = [reads.start("many") for _ in range(3 * MOST_IN_FLIGHT)]
    began = time.monotonic()
    while len(reads.sent) < len(tasks):
        await asyncio.sleep(IN_FLIGHT_SECONDS / 10)
        assert time.monotonic() < began + 20
    assert time.monotonic() >= began + 2 * IN_FLIGHT_SECONDS
    reads.answer_all()
    await asyncio.gather(*tasks)


@pytest.mark.usefixtures("patient")
@in_loop
async def test_a_cancelled_request_makes_room_for_the_next() -> None:
    reads = Reads()
    tasks = [reads.start("many") for _ in range(2 * MOST_IN_FLIGHT)]
    await iterate()
    for task in tasks[:MOST_IN_FLIGHT]:
        task.cancel()
    await iterate()
    assert len(reads.sent) == len(tasks)
    reads.answer_all()
    await asyncio.wait(tasks)
    later = reads.start("later")
    await iterate()
    assert reads.sent[-1] == "later"
    reads.answer_all()
    await later
