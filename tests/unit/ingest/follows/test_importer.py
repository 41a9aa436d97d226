from ingest.events import Follow
from ingest.follows.importer import import_follows
from ingest.sources.message import Disposition, ParsedMessage

FOLLOW = Follow(17, 20, 0, 5)


def test_dropped_lines_are_counted_and_the_first_five_are_shown() -> None:
    bad = [
        ParsedMessage(Disposition.DROPPED, "not_json", detail=f"line {number}: a\x1b[2J\nb") for number in range(1, 8)
    ]
    written: list[Follow] = []

    imported = import_follows(
        [*bad, ParsedMessage(Disposition.SENT, "follow", FOLLOW)], lambda them: written.extend(them) or 0, id
    )

    assert written == [FOLLOW]
    assert (imported.lines, imported.applied, imported.dropped) == (8, 1, {"not_json": 7})
    assert imported.examples == [f"line {number}: a [2J b" for number in range(1, 6)]
