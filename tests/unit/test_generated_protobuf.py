import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.client_messages import PACKAGE, SCHEMAS, Schema, modules

TOP = Path(__file__).parents[2]
PROTO = "thunder/v1/in_network.proto"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the installed compiler makes of the wire contract."""
    target = tmp_path_factory.mktemp("generated")
    options = ["-Iproto", f"--python_out={target}", f"--pyi_out={target}", PROTO]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *options], cwd=TOP, check=True)
    return target


@pytest.mark.parametrize("name", ["in_network_pb2.py", "in_network_pb2.pyi"])
def test_committed_protobuf_code_is_what_the_compiler_makes(name: str, generated: Path) -> None:
    fresh = generated / "thunder" / "v1" / name
    committed = TOP / "common" / "pb" / "thunder" / "v1" / name
    assert committed.read_text() == fresh.read_text()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.module)
def test_committed_client_code_is_what_the_tool_makes(schema: Schema) -> None:
    made = modules(schema)
    assert {name: (PACKAGE / name).read_text() for name in made} == made
