"""An ingest worker whose clock is ahead by the seconds that a file holds: python -m tests.chaos.shifted_worker.

Arguments: FILE SETTINGS, the settings of the role as JSON. Prints "ready", or "not ready: " and why, as that changes.
"""

import logging
import sys
import time
from pathlib import Path

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop, stop_on_signals
from common.settings.ingest import IngestSettings
from ingest.app import ingest_role


def main(offset: Path, settings: IngestSettings) -> None:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    stop = Stop()
    stop_on_signals(stop)
    role = ingest_role(settings, stop, CollectorRegistry(), lambda: int(time.time()) + int(offset.read_text() or 0))
    role.start(on_ready=lambda: None)
    state = ""
    while not stop.wait(0.1):
        now = f"not ready: {reason}" if (reason := role.not_ready()) else "ready"
        if now != state:
            print(now, flush=True)
            state = now
    role.join(20)


if __name__ == "__main__":
    main(Path(sys.argv[1]), IngestSettings.model_validate_json(sys.argv[2]))
