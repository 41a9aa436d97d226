"""What `thunder follows` tells: lines for people, one JSON object for programs."""

import json
import sys
import time
from collections.abc import Mapping

from common.store.scripts import FOLLOW_BOUNDS
from ingest.follows.editor import Edit
from ingest.follows.importer import Imported
from thunder.cli.text import in_words


def show_edit(viewer_id: int, edit: Edit, *, as_json: bool) -> None:
    """What became of a list."""
    if as_json:
        print(json.dumps({"viewer": viewer_id, **edit._asdict()}))
        return
    print(f"{viewer_id} follows {edit.follows:,}: {edit.added:,} added, {edit.removed:,} removed{_cut(edit.given_up)}")


def show_list(viewer_id: int, following: Mapping[int, int], *, as_json: bool) -> None:
    """A list, the newest first."""
    if as_json:
        follows = [{"target": target, "at": at} for target, at in following.items()]
        print(json.dumps({"viewer": viewer_id, "follows": follows}))
        return
    now = time.time()
    for target, at in following.items():
        print(f"{target:>19}  {in_words(now - at)}")
    print(f"{viewer_id} follows {len(following):,}")


def show_import(imported: Imported, seconds: float, *, as_json: bool) -> None:
    """What became of a file. Lines that were dropped are named on stderr."""
    for example in imported.examples:
        print(example, file=sys.stderr)
    if as_json:
        print(json.dumps(_import_as_json(imported, seconds)))
        return
    dropped = ", ".join(f"{reason} {count:,}" for reason, count in imported.dropped.most_common())
    print(
        f"{imported.lines:,} lines, {imported.applied:,} follows and removals applied in {seconds:.1f} s"
        f"{_cut(imported.given_up)}; dropped: {dropped or 'none'}"
    )


def _import_as_json(imported: Imported, seconds: float) -> dict[str, object]:
    return {
        "lines": imported.lines,
        "applied": imported.applied,
        "given_up": imported.given_up,
        "dropped": imported.dropped,
        "examples": imported.examples,
        "seconds": round(seconds, 3),
        "applied_per_second": round(imported.applied / seconds, 1),
    }


def _cut(given_up: int) -> str:
    return f"; the oldest {given_up:,} given up: a list holds {FOLLOW_BOUNDS.cap:,}" if given_up else ""
