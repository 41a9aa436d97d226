"""The messages of the client stand beside any other copy of the same names in one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
PROTO = TOP / "proto" / "thunder" / "v1" / "in_network.proto"

EXCHANGE = """
from {first} import {name} as one
from {second} import {other} as two
assert {folder!r} in one.__file__ + two.__file__
post = one.LightPost(post_id=1, author_id=2, source_post_id=3)
assert two.LightPost.FromString(post.SerializeToString()).source_post_id == 3
assert one.LightPost.DESCRIPTOR.full_name == two.LightPost.DESCRIPTOR.full_name
"""
OF_THE_CLIENT, OF_THE_SERVER = ("thunder_client", "messages"), ("common.pb.thunder.v1", "in_network_pb2")


def changed(text: str, version: str) -> str:
    """The contract as it is, as it was before `created_after`, or with a field that no release has yet."""
    if version == "newer":
        return text.replace("  bool partial = 2;", "  bool partial = 2;\n  int64 not_yet = 99;")
    if version == "older":
        kept = [line for line in text.splitlines() if "created_after = 9" not in line and "before = 10" not in line]
        return "\n".join(kept)
    return text


@pytest.fixture(scope="module", params=["older", "same", "newer"])
def server_code(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the server's module of a version of the contract."""
    folder = tmp_path_factory.mktemp(request.param)
    proto = folder / "thunder" / "v1" / "in_network.proto"
    proto.parent.mkdir(parents=True)
    proto.write_text(changed(PROTO.read_text(), request.param))
    assert (proto.read_text() == PROTO.read_text()) == (request.param == "same")
    output = folder / "common" / "pb"
    for package in (output / "thunder" / "v1", output / "thunder", output, output.parent):
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--python_out={output}", proto]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.parametrize("implementation", ["upb", "python"])
@pytest.mark.parametrize("order", ["client first", "server first"])
def test_the_server_may_be_in_the_same_process(server_code: Path, order: str, implementation: str) -> None:
    one, two = (OF_THE_CLIENT, OF_THE_SERVER) if order == "client first" else (OF_THE_SERVER, OF_THE_CLIENT)
    program = EXCHANGE.format(first=one[0], name=one[1], second=two[0], other=two[1], folder=str(server_code))
    environment = os.environ | {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation}
    # The folder is looked into before the packages of the checkout.
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(server_code)!r})\n{program}"],
        env=environment,
        cwd=server_code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
