"""Tools written in Go, built once per user from the module proxy.

`python -m tests.support.programs.go_tools` builds them all.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.support.programs.installed import Progress, Unavailable, run_visibly
from tests.support.programs.user_cache import one_at_a_time, user_cache

_MODULES = Path(__file__).with_name("go")
_USUAL_PLACE = Path("/usr/local/go/bin/go")


class GoTool(NamedTuple):
    """A command to build. module is the file in go/ that stands for go.mod, for what `go install` does not build.

    program is the file in go/ that stands for main.go, for what is ours: its package is ".".
    """

    name: str
    version: str
    package: str
    module: str | None = None
    linker_flags: str = ""
    program: str | None = None

    @property
    def path(self) -> Path:
        """Path at which it is kept once it is built."""
        return user_cache() / "bin" / f"{self.name}-{self.version}"


def _of_kubernetes(name: str, package: str) -> GoTool:
    """Built without these flags, Kubernetes takes itself for version 0."""
    stamped = {"gitVersion": "v1.36.3", "gitMajor": "1", "gitMinor": "36"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    flags = [f"-X {where}.{key}={value}" for where in packages for key, value in stamped.items()]
    return GoTool(name, "1.36.3", package, "kubernetes.mod", " ".join(flags))


def _of_ours(name: str) -> GoTool:
    """A program in go/, built again when it has changed."""
    version = sha256((_MODULES / f"{name}.go").read_bytes()).hexdigest()[:12]
    return GoTool(name, version, ".", f"{name}.mod", program=f"{name}.go")


HELM_4 = GoTool("helm", "4.3.1", "helm.sh/helm/v4/cmd/helm")
HELM_3 = GoTool("helm", "3.22.0", "helm.sh/helm/v3/cmd/helm")
HELM_UNITTEST = GoTool(
    "helm-unittest", "1.1.2", "github.com/helm-unittest/helm-unittest/cmd/helm-unittest", "helm-unittest.mod"
)
KUBECONFORM = GoTool("kubeconform", "0.8.0", "github.com/yannh/kubeconform/cmd/kubeconform")
CHART_TOOLS = (KUBECONFORM, HELM_UNITTEST, HELM_4, HELM_3)

READ_DOCKERFILE = _of_ours("read-dockerfile")
COMPOSE_SPEC = GoTool("compose-spec", "2.16.2", "github.com/compose-spec/compose-go/v2/cmd")
ACTIONLINT = GoTool("actionlint", "1.7.12", "github.com/rhysd/actionlint/cmd/actionlint")
IMAGE_TOOLS = (READ_DOCKERFILE, COMPOSE_SPEC, ACTIONLINT)

GRPCURL = GoTool("grpcurl", "1.9.4", "github.com/fullstorydev/grpcurl/cmd/grpcurl")
GHZ = GoTool("ghz", "0.121.0", "github.com/bojand/ghz/cmd/ghz")
CALLING_TOOLS = (GRPCURL, GHZ)

KUBECTL, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, KUBE_SCHEDULER = (
    _of_kubernetes(name, f"k8s.io/kubernetes/cmd/{name}")
    for name in ("kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
)
ETCD = GoTool("etcd", "3.6.8", "go.etcd.io/etcd/server/v3", "kubernetes.mod")
KWOK = GoTool("kwok", "0.8.0", "sigs.k8s.io/kwok/cmd/kwok")
CLUSTER_TOOLS = (KUBECTL, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, KUBE_SCHEDULER, ETCD, KWOK)


def go_tool(tool: GoTool, progress: Progress) -> Path:
    """Return the path of a tool; the first call builds it, which takes from seconds to minutes. Raises Unavailable."""
    with one_at_a_time(tool.path.with_suffix(".lock")):
        if not tool.path.exists():
            _build(tool, progress)
    return tool.path


def go_program() -> Path:
    """Return the path of `go`; the tests do not install it, as Debian's is too old. Raises Unavailable."""
    found = shutil.which("go")
    if found is None and not _USUAL_PLACE.exists():
        raise Unavailable("go is not on PATH; install Go 1.26 or later, or run uv sync --group go")
    return Path(found) if found else _USUAL_PLACE


def _build(tool: GoTool, progress: Progress) -> None:
    go = go_program()
    progress(f"building {tool.path.name} with Go (once)")
    with tempfile.TemporaryDirectory(prefix="building-", dir=tool.path.parent) as directory:
        built = Path(directory) / "built"
        environment = os.environ | {"CGO_ENABLED": "0", "GOBIN": str(built)}
        if tool.module:
            shutil.copy(_MODULES / tool.module, Path(directory) / "go.mod")
        if tool.program:
            shutil.copy(_MODULES / tool.program, Path(directory) / "main.go")
        command = _install(tool) if tool.module is None else _build_in_module(tool, built)
        run_visibly([go, "-C", directory, *command], progress, environment)
        (executable,) = built.iterdir()
        executable.rename(tool.path)


def _install(tool: GoTool) -> Sequence[str]:
    return ["install", f"{tool.package}@v{tool.version}"]


def _build_in_module(tool: GoTool, built: Path) -> Sequence[str]:
    built.mkdir()
    return ["build", "-mod=mod", "-ldflags", f"-s -w {tool.linker_flags}", "-o", f"{built}/", tool.package]


if __name__ == "__main__":
    for each in (*IMAGE_TOOLS, *CALLING_TOOLS, *CHART_TOOLS, *CLUSTER_TOOLS):
        go_tool(each, print)
