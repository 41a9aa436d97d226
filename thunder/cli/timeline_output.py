"""Formats a timeline: as a table for a terminal, as plain lines for a pipe, as JSON for programs. Pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from common.post import PostKind, post_kind
from thunder.cli.text import in_words
from thunder.client import TimedAnswer
from thunder_client.messages import Adjustment, AdjustmentKind, GetInNetworkPostsResponse, LightPost

NameOf = Callable[[int], str]
"""Gives the name to show for an author."""


class TimelineEntry(NamedTuple):
    """A line of a timeline. about: the author who is answered or reposted, or empty."""

    post_id: int
    who: str
    age_seconds: float
    kind: PostKind
    about: str


def timeline_entries(posts: Iterable[LightPost], name_of: NameOf, now: float) -> list[TimelineEntry]:
    """The posts as lines, in their order."""
    return [
        TimelineEntry(
            post.post_id,
            name_of(post.author_id),
            max(0.0, now - post.created_at),
            post_kind(post),
            _about(post, name_of),
        )
        for post in posts
    ]


def newest_age(response: GetInNetworkPostsResponse, now: float) -> float | None:
    """Seconds since the newest post was written; None for an empty timeline."""
    return max(0.0, now - response.posts[0].created_at) if response.posts else None


def answer_as_json(answer: TimedAnswer, name_of: NameOf, now: float) -> dict[str, object]:
    """The answer as an object: posts with the fields of the wire that are set, their kind, author's name and age."""
    age = newest_age(answer.response, now)
    return {
        "posts": [_post_as_json(post, name_of, now) for post in answer.response.posts],
        "partial": answer.response.partial,
        "took_ms": round(answer.seconds * 1000, 2),
        "newest_age_s": None if age is None else round(age, 2),
    }


def rest_as_json(response: GetInNetworkPostsResponse) -> dict[str, object]:
    """Whether there are older posts, and the changes that the server made to the request."""
    adjustments = [_adjustment_as_json(adjustment) for adjustment in response.adjustments]
    return {"has_more": response.has_more, "adjustments": adjustments}


def _post_as_json(post: LightPost, name_of: NameOf, now: float) -> dict[str, object]:
    fields: dict[str, object] = {field.name: value for field, value in post.ListFields()}
    return fields | {
        "kind": post_kind(post).value,
        "author": name_of(post.author_id),
        "age_s": round(max(0.0, now - post.created_at), 2),
    }


def _adjustment_as_json(adjustment: Adjustment) -> dict[str, object]:
    kind = AdjustmentKind.Name(adjustment.kind) if adjustment.kind in AdjustmentKind.values() else str(adjustment.kind)
    kind = kind.removeprefix("ADJUSTMENT_KIND_").lower()
    return {"kind": kind, "given": adjustment.given, "used": adjustment.used}


def _about(post: LightPost, name_of: NameOf) -> str:
    if post.is_retweet and post.source_user_id:
        return f"of {name_of(post.source_user_id)}"
    if post.is_reply and post.in_reply_to_user_id:
        is_own_thread = post.in_reply_to_user_id == post.author_id
        return "to themselves" if is_own_thread else f"to {name_of(post.in_reply_to_user_id)}"
    return ""


_STYLES = {PostKind.POST: "", PostKind.REPLY: "cyan", PostKind.REPOST: "green", PostKind.VIDEO: "magenta"}
_MIN_NAME_WIDTH, _MAX_NAME_WIDTH = 8, 36
_AGE_WIDTH, _KIND_WIDTH, _ID_WIDTH = len("59 min"), len("repost"), len(str(2**63))
_GAP = 3
WIDTH_WITH_IDS = 100
"""Columns of a terminal from which on a table with ids has room for them."""


def timeline_table(entries: Sequence[TimelineEntry], width: int, *, with_ids: bool = False) -> Table:
    """The entries, for a terminal of this width in columns. Names are cut where there is no room, numbers never are."""
    taken = _AGE_WIDTH + _KIND_WIDTH + 4 * _GAP + (_ID_WIDTH + _GAP if with_ids else 0)
    name_width = max(_MIN_NAME_WIDTH, min(_MAX_NAME_WIDTH, (width - taken) // 2))
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("when", justify="right", overflow="fold", width=_AGE_WIDTH)
    table.add_column("who", width=name_width)
    table.add_column("kind", no_wrap=True, width=_KIND_WIDTH)
    table.add_column("", width=name_width)
    if with_ids:
        table.add_column("post", no_wrap=True, width=_ID_WIDTH, style="dim")
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
    """A name on one line, cut if it must be; an id on as many lines as it needs."""
    is_number = text.rpartition(" ")[2].isdigit()
    return Text(text, style=style, no_wrap=not is_number, overflow="fold" if is_number else "ellipsis")


def plain_line(entry: TimelineEntry) -> str:
    """One entry in aligned columns."""
    return f"{in_words(entry.age_seconds):>7}  {entry.who:<24}  {entry.kind:<6}  {entry.about}".rstrip()
