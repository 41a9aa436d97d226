"""Ports and names that no other test uses."""

import os
import random
import uuid

from thunder.embedded.child import is_free

# Below the ports that outgoing connections take, so that a restarted server finds its port free.
_LOWEST, _HIGHEST = 10_000, 22_000
_PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Processes of pytest -n, and which of them this is: each has ports of its own."""
_handed_out: set[int] = set()


def free_port(*, also: int = 0) -> int:
    """Return a free port that was not returned before; port + also is free as well."""
    while True:
        port = random.randrange(_LOWEST + _PROCESS, _HIGHEST, _PROCESSES)
        if port not in _handed_out and is_free(port) and is_free(port + also):
            _handed_out.add(port)
            return port


def unique(prefix: str) -> str:
    """Return prefix with a random suffix: a name for a topic, a consumer group or a transaction."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
