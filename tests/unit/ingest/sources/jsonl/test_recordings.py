"""Files that sources read: lines and arrays, plain and compressed; all others are named."""

import gzip
import json
import sys
import zlib
from io import BufferedReader, BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from common.errors import ConfigurationError
from ingest.sources.bluesky.jetstream import parse_jetstream_line
from ingest.sources.jsonl.lines import NumberedLine
from ingest.sources.jsonl.recordings import recorded_lines
from ingest.sources.jsonl.source import ReplaySource
from ingest.sources.message import Disposition

LINES = b'{"a": 1}\n\n{"b": 2}\n'
ZSTD = b"\x28\xb5\x2f\xfd"


def read(content: bytes) -> list[NumberedLine]:
    return list(recorded_lines(BufferedReader(BytesIO(content)), "file"))


def test_lines_are_read_plain_and_compressed() -> None:
    plain = [NumberedLine(1, b'{"a": 1}\n'), NumberedLine(3, b'{"b": 2}\n')]
    assert read(LINES) == read(gzip.compress(LINES)) == plain
    assert read(gzip.compress(LINES[:10]) + gzip.compress(LINES[10:])) == plain
    assert read(b"") == read(gzip.compress(b"")) == []


def test_an_array_is_read_plain_and_compressed() -> None:
    array = b'\xef\xbb\xbf\n[{"a": 1},\n {"b": 2}]\n'
    elements = [NumberedLine(1, b'{"a": 1}', "element"), NumberedLine(2, b'\n {"b": 2}', "element")]
    assert read(array) == read(gzip.compress(array)) == elements


def test_a_recording_means_the_same_in_every_form(tmp_path: Path) -> None:
    recording = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"
    array = json.dumps([json.loads(line) for line in recording.read_bytes().splitlines() if line.strip()], indent=1)
    forms = {
        "lines": recording.read_bytes(),
        "lines.gz": gzip.compress(recording.read_bytes()),
        "array": array.encode(),
    }
    meanings: list[object] = []
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        source = ReplaySource("bluesky", tmp_path / name, parse_jetstream_line)
        meanings.append([one._replace(position="", detail="") for one in source.listen("", lambda: False)])
        assert source.expected == 27
    assert meanings[0] == meanings[1] == meanings[2]


def test_a_bad_element_is_dropped_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "array.json"
    path.write_bytes(b'[{"a": 1}, oops, {"b": 2}]')
    *_, bad, _ = ReplaySource("bluesky", path, parse_jetstream_line).listen("", lambda: False)
    assert (bad.disposition, bad.label, bad.position) == (Disposition.DROPPED, "not_json", "2")
    assert bad.detail.startswith("element 2: ")


def test_damaged_gzip_ends_with_a_reason() -> None:
    packed = gzip.compress(LINES * 100)
    for damaged in (packed[:-9], packed[:20] + b"\xff" * 9 + packed[29:], packed[:-8] + b"\0" * 8):
        with pytest.raises(ConfigurationError, match="cannot read file: its gzip data is damaged or ends too early"):
            read(damaged)


def test_zstd_is_named_where_python_cannot_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    with pytest.raises(ConfigurationError, match=r"file is compressed with zstd, .* 3\.14 on: unpack it \(zstd -d\)"):
        read(ZSTD + b"...")


def test_zstd_is_read_where_python_can(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("compression.zstd")

    class ZstdError(Exception):
        pass

    def open_file(file: BufferedReader) -> BytesIO:
        packed = file.read()
        if packed == ZSTD:
            raise EOFError
        return BytesIO(zlib.decompress(packed.removeprefix(ZSTD)))

    vars(module).update(ZstdFile=open_file, ZstdError=ZstdError)
    monkeypatch.setitem(sys.modules, "compression", ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    assert read(ZSTD + zlib.compress(LINES)) == read(LINES)


@pytest.mark.parametrize(
    ("beginning", "what"),
    [
        (b"BZh9", "compressed with bzip2: unpack it"),
        (b"\xfd7zXZ\0", "compressed with xz: unpack it"),
        (b"PK\x03\x04", "a ZIP archive: unpack it"),
        (b"PAR1", "a Parquet file: export it"),
        (b"\xff\xfe{\0", "text in UTF-16: convert it"),
    ],
)
def test_other_files_are_named(beginning: bytes, what: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^file is {what}"):
        read(beginning + b"..." * 10)
    with pytest.raises(ConfigurationError, match=f"^file, unpacked, is {what}"):
        read(gzip.compress(beginning + b"..." * 10))
