"""Scenes by name, for the command line."""

import importlib
import json
import pkgutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from tests.chaos import scenarios
from tests.chaos.losses.scene import Lengths, LossReport, Scene, play
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries


def scenes() -> dict[str, Scene]:
    """Those that the modules of tests.chaos.scenarios have in a list called SCENES."""
    modules = [
        importlib.import_module(f"{scenarios.__name__}.{module.name}")
        for module in pkgutil.iter_modules(scenarios.__path__)
    ]
    found = [scene for module in modules for scene in cast("Sequence[Scene]", getattr(module, "SCENES", ()))]
    by_name = {scene.name: scene for scene in found}
    assert len(by_name) == len(found), "two scenes have one name"
    return by_name


def play_scene(scene: Scene, *, as_json: bool, factor: float = 1.0) -> int:
    """Run one on a Kafka of its own and print what was found; the exit code."""
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - began:6.1f}] {line}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="thunder-losses-") as directory:
        folders = [Path(directory) / name for name in ("kafka", "scene")]
        for folder in folders:
            folder.mkdir()
        kafka = KafkaBroker(kafka_libraries(say), folders[0], say)
        try:
            report = play(scene, kafka, folders[1], Lengths(factor=factor), say)
        finally:
            kafka.kill()
    print(json.dumps(report.row()) if as_json else _text(report))
    return 1 if report.violations else 0


def _text(report: LossReport) -> str:
    figures = [f"{name:20} {value}" for name, value in report.row().items()]
    return "\n".join([*figures, *(f"logged: {line}" for line in report.loss_lines), *report.violations])
