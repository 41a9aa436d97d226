"""Estimates what a request asks of Redis: lists, entries, records and pipelines.

Authors post at random, so that the number of an author's posts in an answer follows Poisson's distribution; the depths
are those of serve's read plan.
"""

import math
from typing import NamedTuple

from serve.timeline.read_plan import AUTHORS_PER_PART, ENTRIES_PER_PART, GROWTH, HEADROOM, SHALLOWEST

PASSING_SHARE = 0.9
"""Of the posts that are looked at; the others are excluded, or replies whose parent is not shown."""

RECORDS_PER_POST = 0.165
"""Parents that are looked up, per post that is looked at."""

POSTS_OF_AN_AUTHOR = 81
"""Entries of a list that an answer may need at most: 50 original posts, 30 replies and reposts, one more."""

_NEGLIGIBLE = 0.001
"""Lists below which no deeper read is counted."""


class ReadShape(NamedTuple):
    """Commands and entries that a request reads, posts of its answer, and pipelines, one per master and round."""

    lists: float
    entries: float
    records: float
    results: float
    pipelines: float


def read_shape(follows: int, results: int, masters: int, list_length: float = math.inf) -> ReadShape:
    """Shape of a request for results posts of this number of authors, each with list_length posts."""
    answered = min(float(results), follows * list_length * PASSING_SHARE)
    examined = answered / PASSING_SHARE
    depth = max(SHALLOWEST, min(results * HEADROOM / follows, POSTS_OF_AN_AUTHOR, results + 1))
    entries = follows * min(depth, list_length)
    parts = math.ceil(max(1.0, follows / AUTHORS_PER_PART, entries / ENTRIES_PER_PART))
    deeper_lists, deeper_entries = _deeper_reads(follows, examined / follows, depth, list_length)
    records = RECORDS_PER_POST * examined
    pipelines = parts * masters_touched(masters, follows / parts) + masters_touched(masters, records + deeper_lists)
    return ReadShape(follows + deeper_lists, entries + deeper_entries, records, answered, pipelines)


def masters_touched(masters: int, keys: float) -> float:
    """Masters on which this number of random keys lies, on average."""
    return min(keys, masters * -math.expm1(keys * math.log1p(-1 / masters))) if masters > 1 else min(keys, 1.0)


def _deeper_reads(follows: int, mean: float, depth: float, list_length: float) -> tuple[float, float]:
    """Lists that are read again and entries of them; mean: posts of an author among those looked at."""
    lists = entries = 0.0
    while depth <= min(list_length, POSTS_OF_AN_AUTHOR):
        share = reaching_share(mean, depth)
        if share * follows < _NEGLIGIBLE:
            break
        depth *= GROWTH
        lists += follows * share
        entries += follows * share * min(depth, list_length)
    return lists, entries


def reaching_share(mean: float, depth: float) -> float:
    """Share of authors with at least depth posts where they have mean on average (the regularised gamma function)."""
    if mean <= 0:
        return 0.0
    term = math.exp(depth * math.log(mean) - mean - math.lgamma(depth + 1))
    total, step = 0.0, depth
    while term > total * 1e-12:
        total += term
        step += 1
        term *= mean / step
    return min(1.0, total)
