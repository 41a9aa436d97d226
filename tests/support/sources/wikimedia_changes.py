"""Changes of Wikimedia's stream as tests need them."""

import json
from collections.abc import Mapping

AT = 1_760_000_000
"""Time of all events, in Unix seconds."""

EVENT_ID = "be377c94-ae8a-42f6-bbeb-99b7ad4b3ad8"
USER = "Ada Lovelace"


def change(meta: Mapping[str, object] | None = None, **fields: object) -> str:
    """An edit that was made at AT and sent two seconds later, with some fields, or some of its meta, replaced."""
    own_meta: dict[str, object] = {
        "uri": "https://en.wikipedia.org/wiki/Example",
        "id": EVENT_ID,
        "dt": "2025-10-09T08:53:22.001Z",
        "domain": "en.wikipedia.org",
        "stream": "mediawiki.recentchange",
    }
    own: dict[str, object] = {
        "$schema": "/mediawiki/recentchange/1.0.0",
        "meta": own_meta | dict(meta or {}),
        "id": 1893332824,
        "type": "edit",
        "namespace": 0,
        "title": "Example",
        "comment": "typo",
        "timestamp": AT,
        "user": USER,
        "bot": False,
        "wiki": "enwiki",
    }
    return json.dumps(own | fields)


def event_id(at_ms: int) -> str:
    """The id that the stream gives to an event of that millisecond."""
    topics = [
        {"topic": "eqiad.mediawiki.recentchange", "partition": 0, "timestamp": at_ms},
        {"topic": "codfw.mediawiki.recentchange", "partition": 0, "offset": -1},
    ]
    return json.dumps(topics, separators=(",", ":"))
