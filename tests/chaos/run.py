"""A run: the stage, and what a scenario does with it."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from tests.chaos.stage import Stage
from tests.support.wait import eventually

Log = Callable[[str], None]


class Run(NamedTuple):
    """Handed to a scenario. say: shows a line. factor: how much slower than usual this machine may be."""

    stage: Stage
    say: Log
    random: random.Random
    factor: float

    def hold(self, seconds: float) -> None:
        """Let load and readers work for that long; fails when a role ends meanwhile that nothing ended."""
        until = time.monotonic() + seconds
        eventually(lambda: time.monotonic() >= until, "the time to pass", seconds + 60, interval=0.1)
        for role in (*self.stage.workers, *self.stage.servers):
            assert role.exit_code is None, f"{role} ended:\n{role.last_lines()}"
