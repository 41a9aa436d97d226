"""Copies into each client package what it brings: python -m tests.tools.client_copies"""

import shutil
from pathlib import Path

TOP = Path(__file__).parents[2]
_CLIENTS = TOP / "clients"
_PYTHON, _GO, _NODE = (_CLIENTS / language for language in ("python", "go", "node"))
_CONTRACT = Path("thunder", "v1", "in_network.proto")

_FOLDERS = {
    TOP / "LICENSE": [_PYTHON, _GO, _NODE],
    _CLIENTS / "service_config.json": [_PYTHON / "thunder_client", _GO, _NODE],
    TOP / "proto" / _CONTRACT: [(_NODE / "proto" / _CONTRACT).parent],
    _CLIENTS / "status_details.proto": [_NODE / "proto"],
}

COPIES = [(original, folder / original.name) for original, folders in _FOLDERS.items() for folder in folders]
"""Pairs of an original and its copy."""


def main() -> None:
    for original, copy in COPIES:
        shutil.copyfile(original, copy)


if __name__ == "__main__":
    main()
