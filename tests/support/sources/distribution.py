"""A distribution of another party that brings a source, as pip would have installed it."""

import re
import tomllib
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs" / "extending.md"


def install(directory: Path, module: str, code: str, name: str = "ticker", value: str = "") -> None:
    """Put a module and the metadata of its distribution into a directory, which may then stand on sys.path."""
    directory.mkdir(exist_ok=True)
    (directory / f"{module}.py").write_text(code, encoding="utf-8")
    metadata = directory / f"{module}-1.5.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.5\n")
    (metadata / "entry_points.txt").write_text(f"[thunder.sources]\n{name} = {value or f'{module}:SOURCE'}\n")


def install_example_of_guide(directory: Path) -> None:
    """The distribution that docs/extending.md shows."""
    text = GUIDE.read_text(encoding="utf-8")
    [toml] = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    [code] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    [(name, value)] = tomllib.loads(toml)["project"]["entry-points"]["thunder.sources"].items()
    install(directory, value.partition(":")[0], code, name, value)
