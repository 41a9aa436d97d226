"""Scenarios prepared for running servers: many share one store, so each gets ids and a time of its own. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import (
    GetInNetworkPostsRequest,
    GetInNetworkPostsResponse,
    InNetworkEvent,
    TweetCreateEvent,
)
from tests.support.conformance.scenarios import Scenario

IDS_PER_SCENARIO = 10**9

_CREATE_IDS = (
    "post_id",
    "author_id",
    "in_reply_to_post_id",
    "in_reply_to_user_id",
    "source_post_id",
    "source_user_id",
    "conversation_id",
)


class Wave(NamedTuple):
    """Events whose order among each other does not matter, but for those of one id, which share a partition."""

    at: int
    events: list[InNetworkEvent]


class Expected(NamedTuple):
    """Post ids of an answer and its has_more, None where that may be either."""

    posts: list[int]
    has_more: bool | None

    def matches(self, answer: GetInNetworkPostsResponse) -> bool:
        """Whether the answer is the expected one."""
        posts = [post.post_id for post in answer.posts]
        return posts == self.posts and self.has_more in (None, answer.has_more) and not answer.partial


class Replay(NamedTuple):
    """A scenario moved to ids and a time of its own."""

    name: str
    now: int
    waves: list[Wave]
    requests: list[GetInNetworkPostsRequest]
    expected: list[Expected]


def replay(scenario: Scenario, number: int, now: int) -> Replay:
    """Move a scenario to the number-th range of ids, in the order they have, and to a time."""
    moved = _moved_ids(scenario, number * IDS_PER_SCENARIO)
    shift = now - scenario.now
    events = [(at + shift, _moved_event(event, moved, shift)) for at, event in scenario.events]
    return Replay(
        scenario.name,
        now,
        _waves(events),
        [_moved_request(request, moved, shift) for request in scenario.requests],
        [
            Expected([moved[id_] for id_ in ids], more)
            for ids, more in zip(scenario.expected, scenario.more, strict=True)
        ],
    )


def _waves(events: Iterable[tuple[int, InNetworkEvent]]) -> list[Wave]:
    """A repost keeps its place among the events of its source. A later time is a later wave."""
    waves: list[Wave] = []
    last_of_id: dict[int, int] = {}
    last_repost_of_id: dict[int, int] = {}
    earliest = 0
    for at, event in events:
        if waves and at != waves[-1].at:
            earliest = len(waves)
        post_id, source = _post_and_source(event)
        number = max(earliest, last_of_id.get(post_id, 0), last_repost_of_id.get(post_id, -1) + 1)
        if source:
            number = max(number, last_of_id.get(source, -1) + 1)
            last_repost_of_id[source] = max(number, last_repost_of_id.get(source, 0))
        last_of_id[post_id] = number
        if number == len(waves):
            waves.append(Wave(at, []))
        waves[number].events.append(event)
    return waves


def _post_and_source(event: InNetworkEvent) -> tuple[int, int]:
    create = event.tweet_create_event
    if event.HasField("tweet_create_event"):
        return create.post_id, create.source_post_id if create.is_retweet else 0
    return event.tweet_delete_event.post_id, 0


def _moved_ids(scenario: Scenario, base: int) -> dict[int, int]:
    ids: set[int] = set()
    for _, event in scenario.events:
        create = event.tweet_create_event
        ids.update(getattr(create, name) for name in _CREATE_IDS)
        ids.add(event.tweet_delete_event.post_id)
    for request in scenario.requests:
        ids.update((request.user_id, request.before.post_id))
        ids.update((*request.following_user_ids, *request.exclude_tweet_ids, *request.exclude_author_ids))
    valid = sorted(id_ for id_ in ids if 0 < id_ <= MAX_ID)
    return {id_: id_ for id_ in ids} | {id_: base + rank for rank, id_ in enumerate(valid, start=1)}


def _moved_event(event: InNetworkEvent, moved: Mapping[int, int], shift: int) -> InNetworkEvent:
    copy = InNetworkEvent()
    copy.CopyFrom(event)
    if copy.HasField("tweet_create_event"):
        create: TweetCreateEvent = copy.tweet_create_event
        for name in _CREATE_IDS:
            if getattr(create, name):
                setattr(create, name, moved[getattr(create, name)])
        create.created_at += shift
    else:
        copy.tweet_delete_event.post_id = moved[copy.tweet_delete_event.post_id]
        copy.tweet_delete_event.deleted_at += shift
    return copy


def _moved_request(request: GetInNetworkPostsRequest, moved: Mapping[int, int], shift: int) -> GetInNetworkPostsRequest:
    copy = GetInNetworkPostsRequest()
    copy.CopyFrom(request)
    copy.user_id = moved[request.user_id]
    copy.following_user_ids[:] = [moved[id_] for id_ in request.following_user_ids]
    copy.exclude_tweet_ids[:] = [moved[id_] for id_ in request.exclude_tweet_ids]
    copy.exclude_author_ids[:] = [moved[id_] for id_ in request.exclude_author_ids]
    if copy.created_after:
        copy.created_after = min(copy.created_after + shift, MAX_ID)
    if copy.HasField("before"):
        copy.before.post_id = moved[request.before.post_id]
        copy.before.created_at += shift
    return copy
