"""A timeline as a table for a terminal, and as plain lines for everything else."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from common.post_kind import PostKind
from thunder.ages import in_words
from thunder.timeline import Entry

_STYLES = {PostKind.POST: "", PostKind.REPLY: "cyan", PostKind.REPOST: "green", PostKind.VIDEO: "magenta"}
_MIN_NAME_WIDTH, _MAX_NAME_WIDTH = 20, 36  # a long name that comes or goes hardly moves the columns


def timeline_table(entries: Sequence[Entry], *, with_ids: bool = False) -> Table:
    """The entries, never wider than the terminal."""
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("when", justify="right", no_wrap=True, min_width=6)
    table.add_column("who", min_width=_MIN_NAME_WIDTH, max_width=_MAX_NAME_WIDTH)
    table.add_column("kind", no_wrap=True, min_width=6)
    table.add_column("", min_width=_MIN_NAME_WIDTH, max_width=_MAX_NAME_WIDTH)
    if with_ids:
        table.add_column("post", no_wrap=True, style="dim")
    for entry in entries:
        # Text, not markup: names come from strangers.
        cells = [
            Text(in_words(entry.age_seconds), style="dim"),
            _name(entry.who, "bold"),
            Text(entry.kind, style=_STYLES[entry.kind]),
            _name(entry.about, "dim"),
        ]
        table.add_row(*cells, *([str(entry.post_id)] if with_ids else []))
    return table


def _name(text: str, style: str) -> Text:
    """Cut where a narrow terminal has no room for it, since the other columns cannot shrink."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def plain_line(entry: Entry) -> str:
    """One entry in aligned columns."""
    return f"{in_words(entry.age_seconds):>7}  {entry.who:<24}  {entry.kind:<6}  {entry.about}".rstrip()
