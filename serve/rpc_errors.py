"""Turns a request that gets no answer into a gRPC status: code, text, and details as google.rpc messages. Pure.

The text of an unexpected exception never reaches the caller.
"""

from functools import lru_cache
from typing import NamedTuple

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

from common.errors import ServerClockWrong, StoreFilling, StoreUnavailable
from serve.rejection import Rejected, Rejection
from serve.request import InvalidRequest

_DETAILS_TRAILER = "grpc-status-details-bin"
_PUSHBACK_TRAILER = "grpc-retry-pushback-ms"


class RpcFailure(NamedTuple):
    """Code, message and trailers to abort a call with."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...] = ()


STORE_UNAVAILABLE = RpcFailure(grpc.StatusCode.UNAVAILABLE, "The store cannot be reached, please retry")
STORE_FILLING = "The store is being filled, please retry"
CLOCK_WRONG = "The clock of this server is wrong, please retry on another"
NO_REQUEST = RpcFailure(grpc.StatusCode.INVALID_ARGUMENT, "The call ended without a request")
INTERNAL = RpcFailure(grpc.StatusCode.INTERNAL, "Internal error")


def rpc_failure(error: Exception) -> RpcFailure:
    """The status for an exception that ended a request."""
    if isinstance(error, InvalidRequest):
        return invalid_argument(error)
    if isinstance(error, Rejected):
        return resource_exhausted(error.rejection)
    if isinstance(error, StoreFilling):
        return _retry_later(grpc.StatusCode.UNAVAILABLE, STORE_FILLING, error.retry_after_ms)
    if isinstance(error, ServerClockWrong):
        return _retry_later(grpc.StatusCode.UNAVAILABLE, CLOCK_WRONG, error.retry_after_ms)
    return STORE_UNAVAILABLE if isinstance(error, StoreUnavailable) else INTERNAL


def resource_exhausted(rejection: Rejection) -> RpcFailure:
    """RESOURCE_EXHAUSTED with RetryInfo, and the pushback that gRPC's own retries obey."""
    return _retry_later(grpc.StatusCode.RESOURCE_EXHAUSTED, rejection.message, rejection.retry_after_ms)


def invalid_argument(invalid: InvalidRequest) -> RpcFailure:
    """INVALID_ARGUMENT with BadRequest naming the field."""
    code, message = grpc.StatusCode.INVALID_ARGUMENT, str(invalid)
    violation = BadRequest.FieldViolation(field=invalid.field, description=invalid.description)
    return RpcFailure(code, message, (_details(code, message, BadRequest(field_violations=[violation])),))


@lru_cache(maxsize=256)  # a rejection must stay cheap: under overload there are thousands per second
def _retry_later(code: grpc.StatusCode, message: str, delay_ms: int) -> RpcFailure:
    delay = Duration(seconds=delay_ms // 1000, nanos=delay_ms % 1000 * 1_000_000)
    details = _details(code, message, RetryInfo(retry_delay=delay))
    return RpcFailure(code, message, ((_PUSHBACK_TRAILER, str(delay_ms)), details))


def _details(code: grpc.StatusCode, message: str, detail: Message) -> tuple[str, bytes]:
    packed = AnyMessage()
    packed.Pack(detail)
    number: int = code.value[0]
    return _DETAILS_TRAILER, Status(code=number, message=message, details=[packed]).SerializeToString()
