"""The lock of what the product needs to run: a requirements file with hashes, as uv exports it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))? ?\\?$")
_HASH = re.compile(r"    --hash=sha256:(?P<sha256>[0-9a-f]{64})(?: \\)?$")
_NEEDED_BY = re.compile(r"    #(?: via)?(?:   | )(?P<name>[\w.-]+)$")


class Locked(NamedTuple):
    """A package. sha256s are those of the files of its release; needed_by names the packages that ask for it.

    marker says where it is installed, in the words of PEP 508; empty: everywhere.
    """

    name: str
    version: str
    marker: str
    sha256s: tuple[str, ...]
    needed_by: tuple[str, ...]


def read_lock(text: str) -> list[Locked]:
    """The packages in the order of the file. Raises ValueError for a line that has no place in such a file."""
    return [_package(lines) for lines in _blocks(text)]


def _blocks(text: str) -> Iterator[list[str]]:
    """The lines of each package, from its pin to the next."""
    block: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if block and not line.startswith(" "):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _package(lines: list[str]) -> Locked:
    pin = _PIN.match(lines[0])
    if pin is None:
        raise ValueError(f"no pinned package: {lines[0]}")
    rest = [line for line in lines[1:] if line.strip() != "# via"]
    sha256s = [found["sha256"] for line in rest if (found := _HASH.match(line))]
    needed_by = [found["name"] for line in rest if (found := _NEEDED_BY.match(line))]
    if len(sha256s) + len(needed_by) < len(rest):
        raise ValueError(f"{pin['name']}: neither a hash nor who needs it: {rest}")
    return Locked(pin["name"], pin["version"], pin["marker"] or "", tuple(sha256s), tuple(needed_by))
