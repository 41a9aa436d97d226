import os
from pathlib import Path

import pytest

from common.tls_files import WatchedFiles


def watched(*paths: Path) -> WatchedFiles:
    """Files that have been looked at."""
    files = WatchedFiles(paths)
    assert files.changed()
    assert not files.changed()
    return files


def test_replaced_file_of_same_size_and_time_has_changed(tmp_path: Path) -> None:
    file, other = tmp_path / "tokens", tmp_path / "other"
    file.write_text("first")
    other.write_text("other")
    files = watched(file)
    os.utime(other, ns=(0, file.stat().st_mtime_ns))
    other.replace(file)
    assert files.changed()
    assert not files.changed()


def test_kubernetes_secret_changes_with_its_link(tmp_path: Path) -> None:
    for version in ("..1", "..2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "tls.crt").write_text(version)
    data = tmp_path / "..data"
    data.symlink_to("..1")
    (tmp_path / "tls.crt").symlink_to("..data/tls.crt")
    files = watched(tmp_path / "tls.crt")

    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").replace(data)

    assert files.changed()
    assert not files.changed()


def test_missing_file_is_an_error_until_it_is_back(tmp_path: Path) -> None:
    file, away = tmp_path / "key", tmp_path / "away"
    file.write_text("key")
    files = watched(file)
    file.rename(away)
    with pytest.raises(FileNotFoundError):
        files.changed()
    away.rename(file)
    assert not files.changed()


def test_files_that_could_not_be_used_are_looked_at_again(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("key")
    files = watched(file)
    files.forget()
    assert files.changed()
