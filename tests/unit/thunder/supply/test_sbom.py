"""The bill of materials is one by its own schema, and complete."""

import json
import re
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from thunder.supply.locked import read_lock
from thunder.supply.sbom import PRODUCT, bill_of_materials

LOCK = (Path(__file__).parents[4] / "requirements.txt").read_text()


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return bill_of_materials(read_lock(LOCK))


def test_it_is_what_its_schema_says(bill: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def test_sbom_lists_version_hashes_and_licence_of_each_package(bill: dict[str, Any]) -> None:
    pinned = dict(re.findall(r"(?m)^([\w.-]+)==([^ ]+)", LOCK))
    assert {component["name"]: component["version"] for component in bill["components"]} == pinned
    hashes = [each["content"] for component in bill["components"] for each in component["hashes"]]
    assert hashes == re.findall("sha256:([0-9a-f]{64})", LOCK)
    assert all(component["licenses"][0]["expression"] for component in bill["components"])


def test_sbom_lists_needed_packages_only(bill: dict[str, Any]) -> None:
    needs = {each["ref"]: set(each["dependsOn"]) for each in bill["dependencies"]}
    product = bill["metadata"]["component"]["bom-ref"]
    assert product == f"pkg:pypi/{PRODUCT}@{version(PRODUCT)}"
    reached = {product}
    while more := {each for ref in reached for each in needs[ref]} - reached:
        reached |= more
    assert reached == needs.keys()


def test_what_the_product_asks_for_is_what_it_needs_in_the_bill(bill: dict[str, Any]) -> None:
    everything = [Requirement(line) for line in requires(PRODUCT) or []]
    asked = [each for each in everything if each.marker is None or each.marker.evaluate({"extra": "otel"})]
    of_product = next(each for each in bill["dependencies"] if each["ref"].startswith(f"pkg:pypi/{PRODUCT}@"))
    assert {f"pkg:pypi/{each.name}@{str(each.specifier).removeprefix('==')}" for each in asked} == set(
        of_product["dependsOn"]
    )
