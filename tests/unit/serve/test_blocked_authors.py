from pathlib import Path

import pytest

from common.errors import ConfigurationError
from serve.blocked_authors import BlockedAuthors, author_ids


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.blocked_authors._SECONDS_BETWEEN_CHECKS", 0)


def test_a_file_has_an_id_a_line() -> None:
    assert author_ids(["# why\n", "12\n", "\n", "  9223372036854775807 \n", "12"]) == {12, 2**63 - 1}


@pytest.mark.parametrize("line", ["0", "-5", "9223372036854775808", "x", "1 2", "1,2", "1.0", "\u0661"])
def test_a_bad_line_is_named_by_its_number(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 3: .* is not an id"):
        author_ids(["1\n", "# comment\n", f"{line}\n", "y\n"])


def test_without_a_file_no_author_is_blocked() -> None:
    assert BlockedAuthors(None).current() == frozenset()


@pytest.mark.parametrize("content", ["1\nx\n", None, b"\xff\n"])
def test_a_file_that_cannot_be_used_stops_the_start(content: str | bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "blocked"
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigurationError, match=r"blocked \(--blocked-authors-file\): ") as caught:
        BlockedAuthors(str(file))
    assert content != "1\nx\n" or "line 2: 'x'" in str(caught.value)


def test_a_changed_file_is_read_and_a_bad_one_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "blocked"
    file.write_text("1\n")
    blocked = BlockedAuthors(str(file))
    file.write_text("1\n22\n")
    assert blocked.current() == {1, 22}
    file.write_text("1\n333\nnonsense\n")
    assert blocked.current() == {1, 22}
    assert blocked.current() == {1, 22}
    assert caplog.text.count("the last 2 stay in force: line 3: 'nonsense' is not an id") == 1
    file.unlink()
    assert blocked.current() == {1, 22}
    assert "No such file" in caplog.text
    file.write_text("")
    assert blocked.current() == frozenset()
