"""Errors of the client, and which gRPC status leads to which. Pure."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from thunder_client.status_details import BadRequest, RetryInfo, Status
from thunder_client.timeline import Refreshed, Timeline

Trailers = Iterable[tuple[str, str | bytes]]
_Message = TypeVar("_Message", bound=Message)
_DETAILS = "grpc-status-details-bin"


class ClientError(Exception):
    """A call failed. `code` is the status of gRPC, `message` the text of the server or of the library."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message


class _RetryableError(ClientError):
    def __init__(self, code: grpc.StatusCode, message: str, retry_after: float | None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
        """Seconds after which the server wants to be asked again; None when it did not say."""


class CapacityError(_RetryableError):
    """The server is at capacity, and was at every retry."""


class UnavailableError(_RetryableError):
    """No server answered, or its store cannot be reached or is being filled."""


class InvalidField(NamedTuple):
    """A field of the request, or the name of a limit, and why the server does not accept it."""

    name: str
    reason: str


class InvalidRequestError(ClientError):
    """The server does not accept the request; to send it again does not help."""

    def __init__(self, code: grpc.StatusCode, message: str, fields: tuple[InvalidField, ...]) -> None:
        super().__init__(code, message)
        self.fields = fields


class DeadlineError(ClientError):
    """There was no answer within the timeout."""


class AccessError(ClientError):
    """The server does not accept the token or the certificate."""


class PartialTimelineError(Exception):
    """The answer may lack posts, and strict=True was asked for. `timeline` has the posts that were found."""

    def __init__(self, timeline: Timeline | Refreshed) -> None:
        super().__init__(f"the answer is partial: {len(timeline.posts)} posts, others may be missing")
        self.timeline = timeline


class ForkedClientError(Exception):
    """The client was used before this process was forked off: gRPC's connections and threads stayed behind.

    Make a client in each process after the fork. One that was made before, but not yet used, works.
    """

    def __init__(self) -> None:
        super().__init__("the client was used before the fork; make one in this process")


def client_error(code: grpc.StatusCode, message: str, trailers: Trailers) -> ClientError:
    """The error for the status and the trailing metadata of a call."""
    details = _details(trailers)
    match code:
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return CapacityError(code, message, _retry_after(details))
        case grpc.StatusCode.UNAVAILABLE:
            return UnavailableError(code, message, _retry_after(details))
        case grpc.StatusCode.INVALID_ARGUMENT:
            return InvalidRequestError(code, message, _invalid_fields(details))
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineError(code, message)
        case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
            return AccessError(code, message)
        case _:
            return ClientError(code, message)


def _details(trailers: Trailers) -> dict[str, bytes]:
    """Serialised details by the name of their message."""
    found = next((value for key, value in trailers if key == _DETAILS and isinstance(value, bytes)), b"")
    return {detail.type_url.rpartition("/")[2]: detail.value for detail in _parsed(Status, found).details}


def _retry_after(details: dict[str, bytes]) -> float | None:
    if "google.rpc.RetryInfo" not in details:
        return None
    delay = _parsed(RetryInfo, details["google.rpc.RetryInfo"]).retry_delay
    return delay.seconds + delay.nanos / 1e9


def _invalid_fields(details: dict[str, bytes]) -> tuple[InvalidField, ...]:
    violations = _parsed(BadRequest, details.get("google.rpc.BadRequest", b"")).field_violations
    return tuple(InvalidField(violation.field, violation.description) for violation in violations)


def _parsed(kind: type[_Message], serialised: bytes) -> _Message:
    """The message, or an empty one where a proxy has damaged it."""
    try:
        return kind.FromString(serialised)
    except DecodeError:
        return kind()
