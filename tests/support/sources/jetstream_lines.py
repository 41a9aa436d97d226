"""Lines of a Jetstream as tests need them."""

import json

ALICE, BOB = "did:plc:alicexxxxxxxxxxxxxxxxxxx", "did:web:bob.example"
POST, REPOST, FOLLOW = "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.graph.follow"
AT = 1_760_000_000
"""Time of all events, in Unix seconds; lines say 999,999 microseconds more."""

Json = dict[str, object]


def line(**fields: object) -> str:
    """A line of Alice; fields replace or add to its own."""
    return json.dumps({"did": ALICE, "time_us": AT * 1_000_000 + 999_999, "kind": "commit"} | fields)


def commit(collection: str, operation: str = "create", **record: object) -> str:
    """A change of Alice's record 3abc, written ten seconds before the event."""
    content: Json = {"operation": operation, "collection": collection, "rkey": "3abc"}
    if operation != "delete":
        content["record"] = {"createdAt": "2025-10-09T08:53:10Z"} | record
    return line(commit=content)


def account(**state: object) -> str:
    """News of Alice's account."""
    return line(kind="account", account=state)


def uri(did: str = BOB, collection: str = POST, rkey: str = "3xyz") -> str:
    """The at-URI of a record."""
    return f"at://{did}/{collection}/{rkey}"


def reply(parent: object, root: object) -> Json:
    """The member of a post that makes it a reply to at-URIs."""
    return {"parent": {"uri": parent, "cid": "c"}, "root": {"uri": root, "cid": "c"}}
