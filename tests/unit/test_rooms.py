"""Folders are rooms: small enough to be seen at a glance."""

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("common", "ingest", "serve", "thunder")
GENERATED = ROOT / "common" / "pb"
MOST_MODULES = 15

MODULES = [
    module
    for package in PACKAGES
    for module in sorted((ROOT / package).rglob("*.py"))
    if GENERATED not in module.parents
]


def test_folders_hold_few_modules() -> None:
    counts = Counter(str(module.parent.relative_to(ROOT)) for module in MODULES if module.name != "__init__.py")
    assert "common/store" in counts
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}
