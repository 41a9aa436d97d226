"""The bill of materials, CycloneDX 1.6 in JSON: python -m thunder.supply.sbom requirements.txt.

The same lock gives the same bytes: there is no time and no serial number in it.
"""

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from thunder.supply.licences import licence_of
from thunder.supply.locked import Locked, read_lock

PRODUCT = "thunder-redis"


def bill_of_materials(packages: Sequence[Locked]) -> dict[str, Any]:
    """Every package with version, hashes, licence, and what it needs in its turn."""
    product = _named(PRODUCT, version(PRODUCT)) | {"type": "application"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": product},
        "components": [_component(package) for package in packages],
        "dependencies": [
            {"ref": ref, "dependsOn": [_purl(each.name, each.version) for each in packages if name in each.needed_by]}
            for name, ref in _refs(packages).items()
        ],
    }


def _component(package: Locked) -> dict[str, Any]:
    """A component. Of its hashes, one is that of the file that an installation takes."""
    component = _named(package.name, package.version) | {
        "type": "library",
        "hashes": [{"alg": "SHA-256", "content": sha256} for sha256 in package.sha256s],
    }
    if package.marker:
        component["properties"] = [{"name": "python:marker", "value": package.marker}]
    return component


def _named(name: str, version: str) -> dict[str, Any]:
    purl = _purl(name, version)
    licences = [{"expression": licence_of(name)}]
    return {"bom-ref": purl, "purl": purl, "name": name, "version": version, "licenses": licences}


def _refs(packages: Sequence[Locked]) -> dict[str, str]:
    versions = {PRODUCT: version(PRODUCT)} | {package.name: package.version for package in packages}
    return {name: _purl(name, version) for name, version in versions.items()}


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


if __name__ == "__main__":
    print(json.dumps(bill_of_materials(read_lock(Path(sys.argv[1]).read_text())), indent=1))
