"""Schemas of the objects of Kubernetes as kubeconform reads them: those that kubernetes-validate carries, rewritten."""

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from tests.support.programs.user_cache import one_at_a_time, user_cache

_CARRIED = files("kubernetes_validate") / "kubernetes-json-schema"


def schema_location(kubernetes: str) -> str:
    """Value of kubeconform's -schema-location for a version such as "1.34.0"; the first call writes 8 MB."""
    folder = user_cache() / f"kubernetes-schemas-{version('kubernetes-validate')}" / kubernetes
    with one_at_a_time(folder.parent.with_suffix(".lock")):
        if not folder.exists():
            _rewrite(f"v{kubernetes}-local-strict", folder)
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def _rewrite(carried: str, folder: Path) -> None:
    """An identity and references from a root, both meant for a server, are of no use between files."""
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    for file in (_CARRIED / carried).iterdir():
        schema = json.loads(file.read_text())
        schema.pop("$id", None)
        text = json.dumps(schema).replace('"/api/_definitions.json#', '"_definitions.json#')
        (unfinished / file.name).write_text(text)
    unfinished.rename(folder)
