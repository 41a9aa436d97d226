import tempfile
from pathlib import Path

import pytest

from common.lifecycle import Stop
from tests.support.processes.descendants import descendants
from thunder.demo.environment import Environment, NotReady
from thunder.demo.screens.plain import PlainScreen
from thunder.demo.session import Session, Stalled
from thunder.demo.synthetic.feed import synthetic_feed


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_roles_that_never_get_ready_are_not_waited_for_forever(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thunder.demo.environment._SECONDS_TO_GET_READY", 0.0)
    told: list[str] = []
    others = descendants()

    with pytest.raises(NotReady, match="transform is not ready"), Environment(0, 0) as stage:
        stage.wait_until_ready(Stop(), told.append)

    assert list(temporary.iterdir()) == []
    assert descendants() == others


def test_a_stream_that_nobody_stores_is_not_waited_for_forever(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thunder.demo.session._PATIENCE_SECONDS", 0.0)
    lines: list[str] = []
    feed, screen = synthetic_feed(7, 0.0), PlainScreen(lines.append)

    with pytest.raises(Stalled), Environment(0, 0) as stage, Session(stage, feed, screen, Stop()) as show:
        show.begin()

    assert list(temporary.iterdir()) == []


def test_a_stage_that_is_stopped_before_it_is_ready_says_so(temporary: Path) -> None:
    stop = Stop()
    stop.set()

    with Environment(0, 0) as stage:
        assert not stage.wait_until_ready(stop, print)

    assert list(temporary.iterdir()) == []
