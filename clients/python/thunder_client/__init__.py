"""Client of Thunder: the newest posts of the authors that a viewer follows, over gRPC.

Enters: a query in the names of `PostQuery`. Leaves: a `Timeline`, or an error of errors.py. An answer that may lack
posts always says so: its `partial` is true, or with strict=True it is raised.
Read query, timeline and errors first, which are pure, then paging and refreshing; client and async_client send, each
over a `ClientConnection`. messages and status_details are generated; fake_server is for the tests of callers.
"""

from thunder_client.async_client import AsyncThunderClient
from thunder_client.client import ThunderClient
from thunder_client.connection import SERVICE_CONFIG, ClientOptions, ClientTls
from thunder_client.errors import (
    AccessError,
    CapacityError,
    ClientError,
    DeadlineError,
    ForkedClientError,
    InvalidRequestError,
    PartialTimelineError,
    UnavailableError,
)
from thunder_client.messages import Adjustment, AdjustmentKind, LightPost, Position
from thunder_client.query import PostQuery
from thunder_client.timeline import Cursor, Refreshed, Timeline

__all__ = [
    "SERVICE_CONFIG",
    "AccessError",
    "Adjustment",
    "AdjustmentKind",
    "AsyncThunderClient",
    "CapacityError",
    "ClientError",
    "ClientOptions",
    "ClientTls",
    "Cursor",
    "DeadlineError",
    "ForkedClientError",
    "InvalidRequestError",
    "LightPost",
    "PartialTimelineError",
    "Position",
    "PostQuery",
    "Refreshed",
    "ThunderClient",
    "Timeline",
    "UnavailableError",
]
