"""Install, upgrade, drain and roll back against a real API server, with Helm 3 and Helm 4."""

import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigurationError
from tests.helm.kubernetes_cluster import KubernetesCluster
from tests.support.chart import CHART
from tests.support.programs.go_tools import GoTool
from tests.support.programs.installed import Progress, Unavailable
from tests.support.unused import unique
from tests.support.wait import eventually

pytestmark = pytest.mark.timeout(3000)  # the first run builds a control plane


@pytest.fixture(scope="module")
def cluster(built: Callable[[GoTool], Path], progress: Progress) -> Generator[KubernetesCluster]:
    with tempfile.TemporaryDirectory(prefix="thunder-kubernetes-") as directory:
        try:
            cluster = KubernetesCluster(built, Path(directory), progress)
        except (Unavailable, ConfigurationError) as reason:
            pytest.skip(str(reason))
        yield cluster
        cluster.kill()


AT_ONCE = ("--set", "serve.minReadySeconds=0")
"""Without callers, no new server has to be found by clients before an old one goes."""


class Release:
    """A release in a namespace of its own."""

    def __init__(self, helm: Path, cluster: KubernetesCluster) -> None:
        self._helm = helm
        self._cluster = cluster
        self.namespace = unique("social")

    def run(self, command: str, *arguments: str) -> None:
        """Run a helm command that takes the release, and wait until every pod is ready."""
        where = ["--kubeconfig", self._cluster.kubeconfig, "--namespace", self.namespace]
        done = subprocess.run(
            [self._helm, command, "feed", *arguments, *where, "--wait", "--timeout", "180s"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def get(self, *what: str) -> Mapping[str, Any]:
        return self._cluster.get(*what, "--namespace", self.namespace)

    def pods(self, role: str) -> list[Mapping[str, Any]]:
        """Pods of a role that are not on their way out."""
        items: list[Mapping[str, Any]] = self.get(
            "pods", "--selector", f"app.kubernetes.io/component={role}", "--field-selector", "status.phase=Running"
        )["items"]
        return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]

    @property
    def is_helm_4(self) -> bool:
        return self._helm.name.startswith("helm-4")

    def applied_by_server(self) -> bool:
        """Whether the servers' Deployment was written by server-side apply."""
        found = self.get("deployment", "feed-thunder-serve", "--show-managed-fields")
        return any(fields["operation"] == "Apply" for fields in found["metadata"]["managedFields"])

    def names(self, role: str) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.pods(role)}

    def disruptions_allowed(self, role: str) -> int | None:
        """Number of pods of a role that a drain may take now; None while it is not known."""
        budget = self.get("poddisruptionbudget", f"feed-thunder-{role}")
        return budget.get("status", {}).get("disruptionsAllowed")


@pytest.fixture
def release(helm_version: Path, cluster: KubernetesCluster) -> Release:
    return Release(helm_version, cluster)


def test_a_release_is_installed_upgraded_and_rolled_back(release: Release) -> None:
    release.run("install", str(CHART), "--create-namespace", *AT_ONCE)
    servers, workers = release.names("serve"), release.names("ingest")
    assert (len(servers), len(workers)) == (2, 2)

    release.run("upgrade", str(CHART), *AT_ONCE, "--set", "serve.replicas=3", "--set", "serve.settings.qps_limit=9")
    assert len(release.names("serve")) == 3
    assert not release.names("serve") & servers, "the changed setting makes new pods"
    assert release.names("ingest") == workers, "which did not change"
    assert release.get("configmap", "feed-thunder-serve")["data"]["THUNDER_QPS_LIMIT"] == "9"

    assert release.applied_by_server() == release.is_helm_4, "fields are merged by the API server"

    release.run("rollback", "1")
    assert len(release.names("serve")) == 2
    assert "THUNDER_QPS_LIMIT" not in release.get("configmap", "feed-thunder-serve")["data"]
    release.run("uninstall")
    eventually(lambda: not release.names("serve"), "the pods are gone")


def test_static_members_keep_their_names_over_an_upgrade(release: Release) -> None:
    values = ("--set", "ingest.staticMembership=true", "--set", "serve.enabled=false")
    release.run("install", str(CHART), "--create-namespace", *values)
    before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in release.pods("ingest")}
    release.run("upgrade", str(CHART), *values, "--set", "ingest.settings.log_level=debug")
    after = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in release.pods("ingest")}
    assert set(after) == set(before) == {"feed-thunder-ingest-0", "feed-thunder-ingest-1"}
    assert not set(after.values()) & set(before.values())


def test_replicas_spread_and_drain_one_by_one(release: Release, cluster: KubernetesCluster) -> None:
    release.run("install", str(CHART), "--create-namespace", *AT_ONCE, "--set", "serve.replicas=4")
    assert {pod["spec"]["nodeName"] for pod in release.pods("serve")} == {"left", "right"}
    eventually(lambda: release.disruptions_allowed("serve") == 1, "a pod may be taken away")
    cluster.kubectl("drain", "left", "--ignore-daemonsets", "--timeout", "120s")
    cluster.kubectl("uncordon", "left")
    eventually(lambda: len(release.names("serve")) == 4, "all servers run again")
