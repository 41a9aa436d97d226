"""How a request that gets no answer ends, in gRPC's terms: code, text, and details as google.rpc messages. Pure."""

from functools import lru_cache
from typing import NamedTuple

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

from serve.overload.admission import Refused
from serve.rpc.callers import AuthFailure
from serve.rpc.request import InvalidRequest

_DETAILS_TRAILER = "grpc-status-details-bin"
_PUSHBACK_TRAILER = "grpc-retry-pushback-ms"


class RpcFailure(NamedTuple):
    """What to abort a call with."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...] = ()


STORE_UNAVAILABLE = RpcFailure(grpc.StatusCode.UNAVAILABLE, "The store cannot be reached, please retry")
INTERNAL = RpcFailure(grpc.StatusCode.INTERNAL, "Internal error")
AUTH_ERRORS = {
    AuthFailure.UNKNOWN_TOKEN: RpcFailure(
        grpc.StatusCode.UNAUTHENTICATED, "A bearer token that is known here is needed"
    ),
    AuthFailure.OTHER_IDENTITY: RpcFailure(grpc.StatusCode.PERMISSION_DENIED, "This certificate may not call"),
}


@lru_cache(maxsize=256)  # a refusal must stay cheap: they come by the thousand
def resource_exhausted(refusal: Refused) -> RpcFailure:
    """RESOURCE_EXHAUSTED with RetryInfo, and the pushback that gRPC's own retries obey."""
    code, delay_ms = grpc.StatusCode.RESOURCE_EXHAUSTED, refusal.retry_after_ms
    delay = Duration(seconds=delay_ms // 1000, nanos=delay_ms % 1000 * 1_000_000)
    details = _details(code, refusal.message, RetryInfo(retry_delay=delay))
    return RpcFailure(code, refusal.message, ((_PUSHBACK_TRAILER, str(delay_ms)), details))


def invalid_argument(invalid: InvalidRequest) -> RpcFailure:
    """INVALID_ARGUMENT with BadRequest naming the field."""
    code, message = grpc.StatusCode.INVALID_ARGUMENT, str(invalid)
    violation = BadRequest.FieldViolation(field=invalid.field, description=invalid.description)
    return RpcFailure(code, message, (_details(code, message, BadRequest(field_violations=[violation])),))


def _details(code: grpc.StatusCode, message: str, detail: Message) -> tuple[str, bytes]:
    packed = AnyMessage()
    packed.Pack(detail)
    number: int = code.value[0]
    return _DETAILS_TRAILER, Status(code=number, message=message, details=[packed]).SerializeToString()
