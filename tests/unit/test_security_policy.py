"""SECURITY.md names tests and settings: all of them exist."""

import re
from pathlib import Path

from common.settings.combined import CombinedSettings
from common.settings.ingest import TransformSettings
from common.settings.schema import settings_of

TOP = Path(__file__).parents[2]
POLICY = (TOP / "SECURITY.md").read_text()
SETTINGS = [setting for role in (CombinedSettings, TransformSettings) for setting in settings_of(role)]


def test_each_threat_names_the_tests_of_its_defence() -> None:
    _, _, *rows = re.findall(
        r"^\|.*", POLICY.partition("## Threats and defences")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert len(rows) >= 12
    assert all("](tests/" in row for row in rows)


def test_the_flags_that_it_names_exist() -> None:
    named = set(re.findall(r"`(--[a-z-]+[a-z])[ `]", POLICY))
    assert {"--reflection", "--grpc-tokens-file"} <= named
    assert named <= {setting.flag for setting in SETTINGS}


def test_the_variables_of_secrets_that_it_names_exist() -> None:
    named = set(re.findall(r"THUNDER_\w+_FILE", POLICY))
    assert named <= {variable for setting in SETTINGS for variable in setting.file_variables}
