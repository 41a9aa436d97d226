"""The worker of the product with its decoder in Python, as it is where none was compiled."""

import sys
from typing import Any, NoReturn, cast

from thunder.cli.process import run_process


def main() -> NoReturn:
    """Run `thunder` with the words of this process: the native decoder is hidden before anything looks for it."""
    cast("dict[str, Any]", sys.modules)["ingest.native.decoder"] = None
    run_process()
