"""The project's Dockerfile, read by BuildKit's own code."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).parents[3]


class Instruction(NamedTuple):
    """is_ holds the fields that BuildKit makes of it."""

    name: str
    is_: Mapping[str, Any]


class Stage(NamedTuple):
    """The instructions below one FROM."""

    name: str
    base: str
    instructions: list[Instruction]

    def all(self, name: str) -> list[Mapping[str, Any]]:
        """The fields of every instruction of a name."""
        return [instruction.is_ for instruction in self.instructions if instruction.name == name]

    def only(self, name: str) -> Mapping[str, Any]:
        """The fields of the one instruction of a name."""
        (instruction,) = self.all(name)
        return instruction


def read_stages(read_dockerfile: Path) -> list[Stage]:
    """Its stages in their order, by the program of that name (see go_tools.py); fails at what BuildKit complains of."""
    text = (CHECKOUT / "Dockerfile").read_text()
    done = subprocess.run([read_dockerfile], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return [
        Stage(stage["Name"], stage["Base"], [Instruction(each["Name"], each["Is"]) for each in stage["Commands"]])
        for stage in json.loads(done.stdout)
    ]


def pairs(entries: list[Mapping[str, str]]) -> dict[str, str]:
    """The names and values of an ARG, an ENV or a LABEL."""
    return {entry["Key"]: entry["Value"].strip('"') for entry in entries}


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Expands $NAME and ${NAME}; KeyError for a name that is not set."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: variables[found[1]], text)
