"""A demo for programs: JSON objects, one a line; what is said to people goes elsewhere."""

import json
from collections.abc import Callable

from thunder.cli.timeline_output import answer_as_json
from thunder.demo.roles import Addresses
from thunder.demo.screens.screen import View


class JsonScreen:
    """One object per answer, or the addresses."""

    def __init__(self, write: Callable[[str], object], remark: Callable[[str], object]) -> None:
        """Write is given the objects, remark the lines for people."""
        self._write = write
        self._remark = remark

    def say(self, line: str) -> None:
        self._remark(line)

    def wait(self, line: str) -> None:
        """Programs are patient."""

    def show(self, view: View) -> None:
        viewer = view.feed.viewer
        self._write(
            json.dumps(
                {
                    "viewer": {"user_id": viewer.user_id, "name": viewer.name, "following": viewer.following},
                    **answer_as_json(view.answer, view.feed.name_of, view.now),
                    "counts": view.status._asdict(),
                    "source": view.feed.facts,
                }
            )
        )

    def ready(self, addresses: Addresses) -> None:
        self._write(json.dumps({**addresses._asdict(), "page": addresses.page}))

    def close(self) -> None:
        """Lines are written at once."""
