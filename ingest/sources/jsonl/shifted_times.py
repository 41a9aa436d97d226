"""Shifts the times of events, so that a recording can be replayed as if it happened now. Pure."""

from typing import TypeVar

from common.post import MAX_CREATED_AT, LightPost
from ingest.events import AuthorDelete, Event, Follow, PostDelete

E = TypeVar("E", bound=Event | Follow)


def time_of(event: Event | Follow) -> int:
    """Time of the event, in Unix seconds."""
    match event:
        case LightPost():
            return event.created_at
        case PostDelete() | AuthorDelete():
            return event.deleted_at
        case Follow():
            return event.at


def shifted(event: E, shift: int) -> E:
    """The event, shift seconds later. A time that is no clock time stays as it is."""
    at = time_of(event)
    later = at + shift if is_of_a_clock(at) else at
    match event:
        case LightPost():
            return event._replace(created_at=later)
        case PostDelete() | AuthorDelete():
            return event._replace(deleted_at=later)
        case Follow():
            return event._replace(at=later)


def is_of_a_clock(at: int) -> bool:
    """Whether a time in Unix seconds can be one of a clock: after 1970, and one that the store can hold."""
    return 0 < at <= MAX_CREATED_AT
