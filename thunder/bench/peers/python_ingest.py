"""The worker of the product with its decoder in Python, as it is where none was compiled."""

import sys
from typing import Any, cast

from thunder.cli.main import main as run_thunder


def main() -> None:
    """Run `thunder` with the words of this process: the native decoder is hidden before anything looks for it."""
    cast("dict[str, Any]", sys.modules)["ingest.native.decoder"] = None
    sys.exit(run_thunder())
