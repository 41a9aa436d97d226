"""Workers that advance one call of the store at a time, in an order that the test decides."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore

from common.store.client import StoreClient
from common.store.commands import NodeCommand, Reply


class Killed(BaseException):
    """The worker is dead. Not an Exception: nothing may catch it."""


class GatedStoreClient(StoreClient):
    """Each run() waits until it is let through; kill() lets it die at the gate instead."""

    def __init__(self, url: str, buckets: int, open_client: StoreClient) -> None:
        """Call through open_client, which the workers share: no two of their calls run at once."""
        super().__init__(url, buckets, timeout_seconds=10)
        self._open_client = open_client
        self._open = Semaphore(0)
        self._arrived = Semaphore(0)
        self._killed = False

    def run(self, commands: Sequence[NodeCommand]) -> list[Reply]:
        self._arrived.release()
        self._open.acquire()
        if self._killed:
            raise Killed
        return self._open_client.run(commands)

    def wait_at_gate(self) -> None:
        self._arrived.acquire()

    def leave(self) -> None:
        """The worker has ended: do not wait for it."""
        self._arrived.release()

    def let_through(self) -> None:
        self._open.release()

    def kill(self) -> None:
        self._killed = True
        self._open.release()


class SteppedWorker:
    """Runs work(shards) up to its next call of the store, again and again."""

    def __init__(self, pool: ThreadPoolExecutor, store_client: GatedStoreClient, work: Callable[[], None]) -> None:
        self.is_done = False
        self._store_client = store_client
        self._future: Future[None] = pool.submit(self._run, work)
        store_client.wait_at_gate()

    def step(self) -> None:
        """Let one call through, and wait until the next one is due or the work is done."""
        if self.is_done:
            return
        self._store_client.let_through()
        self._store_client.wait_at_gate()

    def finish(self) -> None:
        """Run to the end."""
        while not self.is_done:
            self.step()
        self._future.result()

    def kill(self) -> None:
        """Die before the next call."""
        if not self.is_done:
            self._store_client.kill()
            self._future.exception()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self.is_done = True
            self._store_client.leave()
