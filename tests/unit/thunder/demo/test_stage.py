import pytest

from thunder.demo.stage import SECONDS_BETWEEN_KILLS, SECONDS_DOWN, Answered, FaultStage


class Process:
    def __init__(self, name: str) -> None:
        self.name = name
        self.is_running = True

    def kill(self) -> None:
        self.is_running = False

    def start(self) -> None:
        self.is_running = True


@pytest.fixture
def first() -> Process:
    return Process("the first")


@pytest.fixture
def second() -> Process:
    return Process("the second")


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def stage(first: Process, second: Process, lines: list[str]) -> FaultStage:
    return FaultStage(iter([first, second]), lines.append, 0.0)


def yes() -> bool:
    return True


def no() -> bool:
    return False


def test_nothing_is_killed_before_its_time(stage: FaultStage, first: Process) -> None:
    stage.act(SECONDS_BETWEEN_KILLS - 0.1, yes)

    assert first.is_running
    assert stage.is_quiet


def test_killed_process_is_away_for_some_seconds(stage: FaultStage, first: Process) -> None:
    stage.act(20.0, yes)
    assert not first.is_running
    stage.act(20.0 + SECONDS_DOWN - 0.1, yes)
    assert not first.is_running
    stage.act(20.0 + SECONDS_DOWN, no)
    assert first.is_running
    assert not stage.is_quiet


def test_recovery_is_told_with_the_answers_meanwhile(stage: FaultStage, lines: list[str]) -> None:
    stage.answered(Answered.WHOLE)  # before the fault: not counted
    stage.act(20.0, yes)
    for outcome in (Answered.NONE, Answered.PARTIAL, Answered.PARTIAL):
        stage.answered(outcome)
    stage.act(23.0, no)
    stage.act(24.0, no)
    stage.answered(Answered.WHOLE)
    stage.act(25.5, yes)

    assert lines == [
        "Killed the first (SIGKILL)",
        "Started the first again",
        "Recovered 5.5 s after the first was killed; answers: 1 whole, 2 partial, 1 no answer",
    ]
    assert stage.is_quiet


@pytest.mark.parametrize(("recovered_at", "next_at"), [(25.0, 40.0), (70.0, 70.0)])
def test_next_kill_waits_for_the_recovery(
    recovered_at: float, next_at: float, stage: FaultStage, second: Process
) -> None:
    stage.act(20.0, yes)
    stage.act(23.0, no)
    stage.act(recovered_at - 0.1, no)
    assert second.is_running
    stage.act(recovered_at, yes)
    stage.act(next_at - 0.1, yes)
    assert second.is_running
    stage.act(next_at, yes)
    assert not second.is_running
