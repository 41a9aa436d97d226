"""Reads the messages of a recording: lines, or elements of a JSON array, plain or compressed; says what others are."""

import gzip
import zlib
from collections.abc import Generator, Iterator
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from common.errors import ConfigurationError
from ingest.sources.jsonl.array_elements import BLANK, array_elements
from ingest.sources.jsonl.lines import NumberedLine, numbered_lines

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_OTHERS = {
    b"BZh": "compressed with bzip2: unpack it (bzip2 -d)",
    b"\xfd7zXZ\x00": "compressed with xz: unpack it (xz -d)",
    b"\x04\x22\x4d\x18": "compressed with lz4: unpack it (lz4 -d)",
    b"PK\x03\x04": "a ZIP archive: unpack it (unzip)",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it (7z x)",
    b"PAR1": "a Parquet file: export it as one JSON object a line",
    b"Obj\x01": "an Avro file: export it as one JSON object a line",
    b"ORC": "an ORC file: export it as one JSON object a line",
    b"SQLite format 3\x00": "an SQLite database: export it as one JSON object a line",
    b"\xff\xfe": "text in UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)",
    b"\xfe\xff": "text in UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)",
}


def lines_of_file(path: Path) -> Generator[NumberedLine]:
    """Yield the messages of a file. ConfigurationError when it cannot be opened or read; close() closes the file."""
    try:
        with path.open("rb") as file:
            yield from recorded_lines(file, str(path))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error


def recorded_lines(file: BufferedReader, name: str) -> Iterator[NumberedLine]:
    """Yield the messages of a recording as numbered lines. name: of the file, for errors.

    Blocks until the file or pipe has a first byte. Raises ConfigurationError when it is nothing that can be read.
    """
    if file.peek(1).startswith(_ZSTD):
        yield from _of_zstd(file, name)
    elif file.peek(1).startswith(_GZIP):
        unpacked = BufferedReader(cast("Any", gzip.GzipFile(fileobj=file)))
        yield from _unpacked_lines(unpacked, name, "gzip", gzip.BadGzipFile, zlib.error)
    else:
        yield from _plain_lines(file, name)


def _of_zstd(file: BufferedReader, name: str) -> Iterator[NumberedLine]:
    try:
        zstd: Any = import_module("compression.zstd")
    except ImportError as missing:
        raise ConfigurationError(
            f"{name} is compressed with zstd, which Python reads from version 3.14 on: unpack it (zstd -d)"
        ) from missing
    yield from _unpacked_lines(BufferedReader(zstd.ZstdFile(file)), name, "zstd", zstd.ZstdError)


def _unpacked_lines(file: BufferedReader, name: str, codec: str, *errors: type[Exception]) -> Iterator[NumberedLine]:
    try:
        yield from _plain_lines(file, f"{name}, unpacked,")
    except (EOFError, *errors) as error:
        raise ConfigurationError(f"cannot read {name}: its {codec} data is damaged or ends too early") from error


def _plain_lines(file: BufferedReader, name: str) -> Iterator[NumberedLine]:
    beginning = file.peek(1)
    for magic, what in _OTHERS.items():
        if beginning.startswith(magic):
            raise ConfigurationError(f"{name} is {what}")
    is_array = beginning.lstrip(BLANK).startswith(b"[")
    yield from array_elements(file) if is_array else numbered_lines(file)
