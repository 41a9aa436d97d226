"""Files that each client package brings are the same everywhere: packages cannot reach outside of their folder."""

from pathlib import Path

import pytest

from tests.tools.client_copies import COPIES, TOP


@pytest.mark.parametrize(("original", "copy"), COPIES, ids=lambda path: str(path.relative_to(TOP)))
def test_a_copy_is_like_the_original(original: Path, copy: Path) -> None:
    assert copy.read_bytes() == original.read_bytes()
