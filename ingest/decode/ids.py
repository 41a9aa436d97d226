"""Ids of posts and authors are int64 > 0: anything else is refused where a payload becomes an event."""

from ingest.events import Malformed, MalformedReason


def required_id(name: str, value: int) -> int:
    """The id itself; Malformed when it is not above 0."""
    if value <= 0:
        raise Malformed(MalformedReason.BAD_ID, f"{name} is not above 0")
    return value


def optional_id(name: str, value: int | None) -> int | None:
    """The id, or None for 0, which means absent; Malformed when it is below 0."""
    return required_id(name, value) if value else None
