import io

import pytest
from rich.console import Console

from common.post import PostKind
from thunder.cli.timeline_output import TimelineEntry, plain_line, timeline_table

ENTRY = TimelineEntry(2**62, "did:plc:" + "a" * 24, 300.0, PostKind.REPOST, "of did:plc:" + "b" * 24)


def drawn(width: int, *, with_ids: bool = False) -> str:
    output = io.StringIO()
    Console(file=output, width=width).print(timeline_table([ENTRY], with_ids=with_ids))
    return output.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_names_give_way_on_a_narrow_terminal_times_and_kinds_do_not(width: int) -> None:
    picture = drawn(width)

    assert "5 min" in picture
    assert "repost" in picture
    assert "did:plc:aaaa" in picture
    assert all(len(line) <= width for line in picture.splitlines())
    assert ("…" in picture) == (width < 100)


def test_ids_are_shown_whole() -> None:
    assert str(2**62) in drawn(100, with_ids=True)
    assert str(2**62) not in drawn(100)


def test_a_plain_line_has_aligned_columns_and_no_tail() -> None:
    original = TimelineEntry(1, "Ann", 0.0, PostKind.POST, "")

    assert plain_line(original) == "    now  Ann                       post"
    assert plain_line(original._replace(kind=PostKind.REPLY, about="to Ben")) == (
        "    now  Ann                       reply   to Ben"
    )
