"""Three scenarios of tests.chaos, shortened: a store that lost something, and one that did not."""

from pathlib import Path

import pytest

from tests.chaos.losses.command import scenes
from tests.chaos.losses.scene import Lengths, play
from tests.support.kafka.broker import KafkaBroker
from tests.support.programs.installed import Progress

_SHORT = Lengths(before=2, after=6, repair=40, factor=4)


@pytest.mark.parametrize("name", ["everysec", "cluster-late", "rolling"])
def test_nothing_is_lost_or_shown_wrongly(name: str, kafka: KafkaBroker, tmp_path: Path, progress: Progress) -> None:
    scene = scenes()[name]
    smaller = scene.plan._replace(rate=400, preload=3000)
    report = play(scene._replace(plan=smaller), kafka, tmp_path, _SHORT, progress)
    assert not report.violations, report
