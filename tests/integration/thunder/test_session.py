import tempfile
from pathlib import Path

import pytest

from common.lifecycle import Stop
from tests.support.processes.descendants import descendants
from thunder.demo.environment import Environment, NotReady
from thunder.demo.screens.lines import PlainScreen
from thunder.demo.session import Session, Stalled
from thunder.demo.synthetic.feed import synthetic_feed


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_roles_that_never_get_ready_time_out(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thunder.demo.environment._SECONDS_TO_GET_READY", 0.0)
    reported: list[str] = []
    others = descendants()

    with pytest.raises(NotReady, match="transform is not ready"), Environment(0, 0) as environment:
        environment.wait_until_ready(Stop(), reported.append)

    assert list(temporary.iterdir()) == []
    assert descendants() == others


def test_events_that_are_never_stored_time_out(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thunder.demo.session._SECONDS_WITHOUT_PROGRESS", 0.0)
    lines: list[str] = []
    feed, screen = synthetic_feed(7, 0.0), PlainScreen(lines.append)

    with (
        pytest.raises(Stalled),
        Environment(0, 0) as environment,
        Session(environment, feed, screen, Stop()) as session,
    ):
        session.fill()

    assert list(temporary.iterdir()) == []


def test_waiting_for_roles_ends_when_stopped(temporary: Path) -> None:
    stop = Stop()
    stop.set()

    with Environment(0, 0) as environment:
        assert not environment.wait_until_ready(stop, print)

    assert list(temporary.iterdir()) == []
