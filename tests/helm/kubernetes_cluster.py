"""A real control plane of Kubernetes on loopback, with two nodes on which kwok plays the pods: no container runs."""

import json
import secrets
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.processes.child import Child
from tests.support.programs.go_tools import (
    ETCD,
    KUBE_APISERVER,
    KUBE_CONTROLLER_MANAGER,
    KUBE_SCHEDULER,
    KUBECTL,
    KWOK,
    GoTool,
)
from tests.support.programs.installed import Progress, program
from tests.support.unused import free_port
from tests.support.wait import eventually

_FILES = Path(__file__).with_name("kubernetes")


class KubernetesCluster:
    """Runs from its making until kill(). kubeconfig is that of an administrator."""

    def __init__(self, built: Callable[[GoTool], Path], directory: Path, progress: Progress) -> None:
        """Take the programs from built, which may take minutes; everything written goes into directory."""
        self._built = built
        self._directory = directory
        self._children: list[Child] = []
        self.kubeconfig = directory / "kubeconfig"
        etcd = self._start_etcd()
        self._start_api_server(etcd, self._make_signing_key(progress))
        eventually(self._answers, "the API server is ready", timeout=120)
        self._start_controllers()
        self.kubectl("apply", "--filename", _FILES / "nodes.yaml")
        eventually(self._has_nodes, "the nodes are ready", timeout=60)

    def kubectl(self, *arguments: str | Path) -> str:
        """Output of a kubectl that succeeds."""
        command = [self._built(KUBECTL), "--kubeconfig", self.kubeconfig, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, *what: str) -> Mapping[str, Any]:
        """Output of kubectl get, parsed from JSON."""
        found: Mapping[str, Any] = json.loads(self.kubectl("get", *what, "--output", "json"))
        return found

    def kill(self) -> None:
        """End everything at once."""
        for child in reversed(self._children):
            child.kill()

    def _start_etcd(self) -> str:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._start(
            ETCD,
            f"--data-dir={self._directory / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=error",
        )
        return client

    def _start_api_server(self, etcd: str, key: Path) -> None:
        port, token = free_port(), secrets.token_hex()
        tokens = self._write("tokens.csv", f'{token},admin,admin,"system:masters"\n')
        self._write("kubeconfig", json.dumps(_kubeconfig(f"https://127.0.0.1:{port}", token)))
        self._start(
            KUBE_APISERVER,
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self._directory / 'certificates'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            f"--token-auth-file={tokens}",
            "--endpoint-reconciler-type=none",
        )

    def _start_controllers(self) -> None:
        access = [
            f"--{name}={self.kubeconfig}"
            for name in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
        ]
        alone = ["--leader-elect=false", "--secure-port=0"]
        self._start(KUBE_CONTROLLER_MANAGER, *access, *alone, "--node-monitor-grace-period=1h")  # no heartbeats
        self._start(KUBE_SCHEDULER, *access, *alone)
        self._start(
            KWOK,
            f"--kubeconfig={self.kubeconfig}",
            "--manage-all-nodes=true",
            f"--config={_FILES / 'stages.yaml'}",
            "--server-address=",
        )

    def _make_signing_key(self, progress: Progress) -> Path:
        key = self._directory / "service-accounts.key"
        openssl = program("openssl", "openssl", progress)
        subprocess.run([openssl, "genrsa", "-out", key, "2048"], capture_output=True, check=True)
        return key

    def _start(self, tool: GoTool, *arguments: str) -> None:
        log = self._directory / f"{tool.name}.log"
        self._children.append(Child([self._built(tool), *arguments], log))

    def _write(self, name: str, text: str) -> Path:
        path = self._directory / name
        path.write_text(text)
        return path

    def _answers(self) -> bool:
        self._assert_all_run()
        command = [self._built(KUBECTL), "--kubeconfig", self.kubeconfig, "get", "--raw", "/readyz"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _has_nodes(self) -> bool:
        self._assert_all_run()
        nodes = self.get("nodes")["items"]
        return bool(nodes) and not any(node["spec"].get("taints") for node in nodes)

    def _assert_all_run(self) -> None:
        for child in self._children:
            assert child.exit_code is None, f"{child}:\n{child.last_lines()}"


def _kubeconfig(server: str, token: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin"}}],
        "current-context": "tests",
    }
