"""Prometheus accepts the configuration that compose.yaml mounts."""

import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]


def test_the_configuration_and_its_rules_are_valid(promtool: Path, tmp_path: Path) -> None:
    configuration = shutil.copy(TOP / "docs" / "observability" / "prometheus.yaml", tmp_path / "prometheus.yml")
    shutil.copy(TOP / "helm" / "alerts.yaml", tmp_path)
    command = [promtool, "check", "config", configuration]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 rule files found" in done.stdout
