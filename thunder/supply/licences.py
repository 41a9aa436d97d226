"""Licences of the locked packages, as Markdown: python -m thunder.supply.licences requirements.txt."""

import sys
from collections.abc import Sequence
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import cast

from thunder.supply.locked import Locked, read_lock

_READ_BY_HAND = {
    "async-timeout": "Apache-2.0",  # not installed where the project is developed
    "ply": "BSD-3-Clause",  # says "BSD", and means three clauses in its files
}

_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause",
    "MIT": "MIT",
    "MIT License": "MIT",
    "MPL-2.0": "MPL-2.0",
}
"""What packages write that do not yet write an SPDX expression."""


def licence_of(name: str) -> str:
    """The SPDX expression of a package. LookupError when it says none that we know: it is to be read by hand then."""
    if name in _READ_BY_HAND:
        return _READ_BY_HAND[name]
    try:
        told = cast("Message", metadata(name))
    except PackageNotFoundError:
        raise LookupError(f"{name} is not installed: its licence is unknown") from None
    if expression := told.get("License-Expression"):
        return expression
    for words in _words(told):
        if words in _SPDX:
            return _SPDX[words]
    raise LookupError(f"{name} names no licence that we know")


def _words(told: Message) -> Sequence[str]:
    classifiers = [line for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    return [told.get("License", ""), *(line.rpartition(" :: ")[2] for line in classifiers)]


def licences_table(packages: Sequence[Locked]) -> str:
    """A row for each package."""
    rows = [f"| {package.name} | {package.version} | {licence_of(package.name)} |" for package in packages]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    print(licences_table(read_lock(Path(sys.argv[1]).read_text())), end="")
