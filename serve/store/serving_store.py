"""The store as a server uses it: timelines, follow lists, and whether ingest has caught up."""

import asyncio

from common.errors import StoreUnavailable
from common.retention import Retention
from common.settings.serve import ServeSettings
from common.store.catch_up import lagging_partitions, read_status
from common.store.client import StoreClient
from common.store.clock_check import ClockCheck, node_clocks
from common.store.layout import check_eviction, check_layout
from common.timing import Clock, system_clock
from serve.native import ReplyScanner
from serve.readiness.gate import StoreGate
from serve.readiness.verdict import StoreStatus
from serve.store.connection import MakeReader, ParsedReplies, ScannedReplies
from serve.store.fetcher import RedisFetcher
from serve.store.follow_store import RedisFollows
from serve.store.node_fill import expected_marks, with_fills
from serve.store.nodes import NodeConnections
from serve.timeline.cores import ChosenCore, chosen_core
from serve.timeline.timeline import Timelines


def reader_of(core: ChosenCore) -> MakeReader:
    """Makes the readers of connections that this core can be used with."""
    return (lambda: ScannedReplies(ReplyScanner())) if core.takes_bytes else ParsedReplies


class ServingStore:
    """Redis, read with these settings. ConfigurationError when they ask for a core that there is not."""

    def __init__(self, settings: ServeSettings, clock: Clock = system_clock) -> None:
        core = chosen_core(settings.read_core)
        url = settings.redis_address
        timeout = settings.redis_timeout_ms / 1000
        self._keys = settings.key_space
        self._store_client = StoreClient(url, self._keys.buckets, timeout)
        self.clock_check = ClockCheck(clock, settings.clock_skew_seconds)
        self._connections = NodeConnections(
            url,
            self._keys.buckets,
            timeout,
            lambda meta, former: expected_marks(meta, former, clock()),
            reader_of(core),
        )
        self.gate = StoreGate()
        self.fetcher = RedisFetcher(self._connections, self._keys, self.gate)
        self.timelines = Timelines(
            self.fetcher, Retention(settings.post_retention_seconds), settings.max_bytes_per_request, core
        )
        self.follows = RedisFollows(self._connections, self._keys, self.gate) if settings.follow_store else None

    async def status(self) -> StoreStatus:
        """Read the status from Redis. StoreMismatch when this server must not read it; never StoreUnavailable.

        The connections that requests use must answer too, and some bucket must be filled.
        """
        status, failure = await asyncio.gather(asyncio.to_thread(self._status), self._connections.check())
        if failure and status.answers:
            return StoreStatus(False, None, False, str(failure))
        return with_fills(status, self._connections.fills)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._store_client.close()

    def _status(self) -> StoreStatus:
        try:
            return self._read_status()
        except StoreUnavailable:  # the asked node may have lost its slot to another: retry with a new topology
            try:
                return self._read_status()
            except StoreUnavailable as error:
                return StoreStatus(False, None, False, str(error))

    def _read_status(self) -> StoreStatus:
        status = self._read_progress()
        return status._replace(wrong_clock=self.clock_check.disagreement() or "")

    def _read_progress(self) -> StoreStatus:
        with self._store_client.refreshing_topology():
            nodes = self._store_client.node_clients()
            for node in nodes:
                check_eviction(node)
            self.clock_check.compare(node_clocks(nodes))
            client = self._store_client.meta_client()
            layout = check_layout(client, self._keys)
            if layout is None:
                return StoreStatus(True, None, False, "an ingest worker to initialise the store")
            lagging = lagging_partitions(read_status(client), layout.lineage)
        if not all(lagging.values()):  # one topic is enough to fill the store; the others may be left over
            return StoreStatus(True, layout.lineage, True, "")
        behind = ", ".join(f"{len(partitions)} partition(s) of {topic}" for topic, partitions in lagging.items())
        waiting_for = f"ingest to catch up with {behind}" if lagging else "an ingest worker to read its topic"
        return StoreStatus(True, layout.lineage, False, waiting_for)
