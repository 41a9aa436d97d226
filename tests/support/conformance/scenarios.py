"""The conformance scenarios: histories of events and requests with known answers."""

import json
import lzma
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, InNetworkEvent
from common.post import LightPost
from common.settings.serve import ServeSettings
from ingest.decode.create_rules import drop_reason, normalised
from ingest.decode.refined_event import decode_event
from ingest.events import Event, Malformed
from serve.query import Caps, Query
from serve.request import RequestLimits, validate_request

_DATA = Path(__file__).parents[2] / "data"
VECTORS = _DATA / "vectors.jsonl.xz"
INCREMENTAL = _DATA / "incremental.jsonl.xz"
"""Scenarios of incremental reads, pages and excluded authors, with has_more of each answer."""


class Scenario(NamedTuple):
    """expected holds one list of post ids per request, more its has_more, None where the scenario does not say.

    replay: also holds through running servers.
    """

    name: str
    now: int
    retention_seconds: int
    events: list[tuple[int, InNetworkEvent]]  # each with the Unix time at which it is applied
    requests: list[GetInNetworkPostsRequest]
    expected: list[list[int]]
    more: list[bool | None]
    replay: bool

    def batches(self) -> Iterator[tuple[int, list[Event]]]:
        """Accepted events of consecutive equal times, as an ingest worker would have decoded them."""
        for now, group in groupby(self.events, key=lambda event: event[0]):
            events = (accepted(event, now, self.retention_seconds) for _, event in group)
            yield now, [event for event in events if event is not None]


@cache
def scenarios() -> list[Scenario]:
    """All of them."""
    return [_scenario(json.loads(line)) for file in (VECTORS, INCREMENTAL) for line in _lines(file)]


def _lines(file: Path) -> list[str]:
    with lzma.open(file, "rt") as lines:
        return list(lines)


def accepted(event: InNetworkEvent, now: int, retention: int, skew: int = 0) -> Event | None:
    """Event of a message of the refined topic as it reaches the store."""
    try:
        decoded = decode_event(event.SerializeToString())
    except Malformed:
        return None
    if isinstance(decoded, LightPost):
        decoded = normalised(decoded)
        return None if drop_reason(decoded, now, retention, skew) else decoded
    assert isinstance(decoded, Event)
    return decoded


def query_of(request: GetInNetworkPostsRequest) -> Query:
    """The query that a server with default settings makes of the request."""
    return validate_request(request, default_limits()).query


@cache
def default_limits() -> RequestLimits:
    settings = ServeSettings()
    caps = Caps(
        settings.max_original_per_author,
        settings.max_secondary_per_author,
        settings.max_videos_per_author,
        settings.max_scan_per_author,
    )
    return RequestLimits(
        settings.default_max_results,
        settings.default_max_videos,
        settings.max_results_limit,
        settings.max_list_size,
        caps,
    )


def _scenario(raw: dict[str, Any]) -> Scenario:
    return Scenario(
        raw["name"],
        raw["now"],
        raw["retention_seconds"],
        [(event.get("at", raw["now"]), _event(event)) for event in raw["events"]],
        [GetInNetworkPostsRequest(**request) for request in raw["requests"]],
        raw["expected"],
        raw.get("expected_more", [None] * len(raw["requests"])),
        raw["replay"],
    )


def _event(raw: dict[str, Any]) -> InNetworkEvent:
    if "create" in raw:
        return InNetworkEvent(tweet_create_event=raw["create"])
    return InNetworkEvent(tweet_delete_event=raw["delete"])
