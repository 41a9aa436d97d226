"""Compares the worker's clock with Redis's once a second, and logs when they begin or cease to disagree."""

import logging

from common.store.client import StoreClient
from common.store.clock_check import ClockCheck, node_clocks

_log = logging.getLogger("thunder.ingest")


class ClockWatch:
    """compare() is for one thread. The check is for any: consumer threads hold their batches while it disagrees."""

    def __init__(self, store_client: StoreClient, check: ClockCheck) -> None:
        """store_client: with connections of its own."""
        self.check = check
        self._store_client = store_client
        self._disagreed = False
        self._nodes_differed = False

    def compare(self) -> None:
        """Ask every node for its time. StoreUnavailable when one of them does not answer. Blocks."""
        try:
            with self._store_client.refreshing_topology():
                self.check.compare(node_clocks(self._store_client.node_clients()))
        finally:
            self._log_changes()

    def _log_changes(self) -> None:
        reason = self.check.disagreement()
        if (reason is not None) != self._disagreed:
            self._disagreed = reason is not None
            if reason:
                _log.error("Paused: %s (%+.0f s). Correct the one that is wrong", reason, self.check.lead)
            else:
                _log.info("Resumed: this machine's clock agrees with Redis's")
        nodes_differ = self.check.spread > self.check.tolerance
        if nodes_differ and not self._nodes_differed:
            _log.warning("The clocks of Redis's nodes differ by %.0f s: their median counts", self.check.spread)
        self._nodes_differed = nodes_differ
