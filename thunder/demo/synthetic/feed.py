"""Turns the synthetic network into a feed of raw posts."""

from collections.abc import Iterable, Iterator

from common.post import LightPost
from ingest.events import PostDelete
from thunder.demo.event_feed import EventFeed, FeedMessage, InputTopic, Viewer
from thunder.demo.social_graph import graph_around
from thunder.demo.synthetic.network import (
    BACKLOG_EVENTS,
    BACKLOG_SECONDS,
    LIVE_EVENTS_PER_SECOND,
    TimedEvent,
    events,
    follows_of_others,
    people,
)
from thunder.demo.synthetic.raw_tweets import encode_create, encode_delete


def synthetic_feed(seed: int, now: float) -> EventFeed:
    """The events of some hours up to now, all due at once, then live ones; it never ends."""
    network = people(seed)
    name = network.names[network.viewer_id]
    following = network.following
    viewer = Viewer(network.viewer_id, name, following, f"{name}, who follows {len(following)} people")
    note = (
        f"A synthetic network of {len(network.names)} people (seed {seed}): about {BACKLOG_EVENTS:,} events of the "
        f"last {BACKLOG_SECONDS // 3600} hours, then {LIVE_EVENTS_PER_SECOND:g} a second"
    )
    return EventFeed(
        InputTopic.RAW,
        _messages(events(network, seed, now)),
        viewer,
        network.names.__getitem__,
        (note,),
        {"format": "synthetic", "seed": seed},
        graph_around(viewer, tuple(follows_of_others(network, seed, now)), network.names, int(now)),
    )


def _messages(timed: Iterable[TimedEvent]) -> Iterator[FeedMessage]:
    for at, event in timed:
        key = b"%d" % event.post_id
        match event:
            case LightPost():
                yield FeedMessage(at, event.author_id, key, encode_create(event))
            case PostDelete():
                yield FeedMessage(at, None, key, encode_delete(event.post_id))
