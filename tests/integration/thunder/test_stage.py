import tempfile
import time
from pathlib import Path

import pytest

from common.lifecycle import Stop
from thunder.demo.environment import EmbeddedStore, Environment
from thunder.demo.screens.lines import PlainScreen
from thunder.demo.session import Session
from thunder.demo.stage import FaultStage
from thunder.demo.synthetic.feed import synthetic_feed


def test_viewer_sees_the_kill_of_a_master_and_the_recovery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("thunder.demo.stage.SECONDS_BETWEEN_KILLS", 0.0)
    stop, told = Stop(), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        if line.startswith("Recovered"):
            stop.set()

    with Environment(0, 0, EmbeddedStore.CLUSTER, durable=True) as environment:
        assert environment.wait_until_ready(stop, print)
        with Session(environment, synthetic_feed(7, time.time()), PlainScreen(print), stop) as session:
            session.fill()
            session.run(FaultStage(environment.victims(), tell, time.monotonic()))

    killed, started, recovered = told
    assert killed == "Killed Redis (node 1 of 3) (SIGKILL)"
    assert started == "Started Redis (node 1 of 3) again"
    assert " 0 partial" not in recovered, "one of three nodes was away"
    assert list(tmp_path.iterdir()) == []
