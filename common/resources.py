"""Files of another language (lua/, proto/) as text, from a wheel or from a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def read_resource(path: str) -> str:
    """The file at a path such as "lua/claim.lua", written with slashes from the top of the repository.

    A wheel carries these folders inside the package `common`; a checkout has them beside it. Blocks on the disk: read
    once, at start. FileNotFoundError when there is no such file.
    """
    return _root().joinpath(path).read_text(encoding="utf-8")


def _root() -> Traversable:
    package = files("common")
    carried = package.joinpath("_data")
    return carried if carried.is_dir() else package.joinpath("..")
