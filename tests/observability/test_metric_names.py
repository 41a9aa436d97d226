"""promtool accepts the metrics of running roles."""

import subprocess
from pathlib import Path
from urllib.request import urlopen

from tests.support.processes.thunder import Role

PRESCRIBED = {
    "post_store_user_count": "a gauge with the name that X's Thunder gives it",
    "post_store_entity_count": "a gauge with the name that X's Thunder gives it",
}
"""Names that promtool would have otherwise, and why they stay."""


def test_promtool_finds_nothing_but_names_that_are_prescribed(role: Role, promtool: Path) -> None:
    with urlopen(f"http://127.0.0.1:{role.http_port}/metrics", timeout=10) as response:
        metrics = response.read()
    checked = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, check=False)
    findings = (checked.stdout + checked.stderr).decode().splitlines()
    assert {finding.split()[0] for finding in findings} == PRESCRIBED.keys()
