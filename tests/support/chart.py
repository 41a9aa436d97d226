"""The chart, rendered as Helm renders it."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

CHART = Path(__file__).parents[2] / "helm"
VALUE_FILES = sorted([*(CHART / "examples").glob("*.yaml"), *(CHART / "tests" / "values").glob("*.yaml")])
"""Values that users may start from, and values that between them turn everything on and off."""

Manifest: TypeAlias = dict[str, Any]
"""One object of Kubernetes."""


class ChartRefused(Exception):
    """Helm did not render the chart; the message says why."""


def render(helm: Path, *arguments: str | Path, kubernetes: str = "1.34.0") -> str:
    """Output of `helm template` for a release called feed. Raises ChartRefused."""
    command = [helm, "template", "feed", CHART, "--namespace", "social", "--kube-version", kubernetes, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ChartRefused(done.stderr)
    return done.stdout


def manifests(helm: Path, *arguments: str | Path, kubernetes: str = "1.34.0") -> list[Manifest]:
    """The objects that `helm template` prints. ChartRefused."""
    return [found for found in yaml.safe_load_all(render(helm, *arguments, kubernetes=kubernetes)) if found]


def of_kind(objects: Sequence[Manifest], *kinds: str) -> list[Manifest]:
    """Those of some kinds."""
    return [found for found in objects if found["kind"] in kinds]


def containers(objects: Sequence[Manifest]) -> Iterator[tuple[Manifest, Manifest]]:
    """Each workload with its container."""
    for workload in of_kind(objects, "Deployment", "StatefulSet"):
        container, *_ = workload["spec"]["template"]["spec"]["containers"]  # sidecars follow
        yield workload, container


def environment(objects: Sequence[Manifest], container: Manifest) -> Mapping[str, str]:
    """The variables that a container sees; what Kubernetes would fill in stands for itself."""
    names = [source["configMapRef"]["name"] for source in container["envFrom"]]
    settings = {
        name: value
        for found in of_kind(objects, "ConfigMap")
        if found["metadata"]["name"] in names
        for name, value in found["data"].items()
    }
    given = settings | {each["name"]: each.get("value") or _FILLED_IN for each in container.get("env", [])}
    return dict(_secret_of(*variable) for variable in given.items())


_FILLED_IN = "filled-in-by-kubernetes"

_SECRETS = {
    "THUNDER_REDIS_URL_FILE": "rediss://user:secret@redis:6379",
    "THUNDER_KAFKA_SASL_PASSWORD_FILE": _FILLED_IN,
}


def _secret_of(name: str, value: str) -> tuple[str, str]:
    """A variable that names a file of a Secret, as the one with the content of that file."""
    return (name.removesuffix("_FILE"), _SECRETS[name]) if name in _SECRETS else (name, value)
