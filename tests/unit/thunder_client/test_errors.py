import grpc
import pytest

from serve.rejection import Rejection
from serve.request import InvalidRequest
from serve.rpc_errors import invalid_argument, resource_exhausted
from thunder_client import (
    AccessError,
    CapacityError,
    ClientError,
    DeadlineError,
    InvalidRequestError,
    UnavailableError,
)
from thunder_client.errors import client_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, CapacityError),
        (grpc.StatusCode.UNAVAILABLE, UnavailableError),
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequestError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineError),
        (grpc.StatusCode.UNAUTHENTICATED, AccessError),
        (grpc.StatusCode.PERMISSION_DENIED, AccessError),
        (grpc.StatusCode.INTERNAL, ClientError),
    ],
)
def test_each_status_has_its_error(code: grpc.StatusCode, kind: type[ClientError]) -> None:
    error = client_error(code, "text", ())
    assert type(error) is kind
    assert (error.code, error.message, str(error)) == (code, "text", f"{code.name}: text")


def test_a_server_at_capacity_says_when_to_retry() -> None:
    error = client_error(*resource_exhausted(Rejection("busy", 1500)))
    assert isinstance(error, CapacityError)
    assert error.retry_after == 1.5


def test_an_invalid_request_names_its_fields() -> None:
    error = client_error(*invalid_argument(InvalidRequest("user_id", "must be smaller")))
    assert isinstance(error, InvalidRequestError)
    assert error.fields == (("user_id", "must be smaller"),)


def test_details_may_be_absent_or_damaged() -> None:
    for trailers in ((), (("grpc-status-details-bin", b"\xff"),), (("other", "text"),)):
        error = client_error(grpc.StatusCode.UNAVAILABLE, "text", trailers)
        assert isinstance(error, UnavailableError)
        assert error.retry_after is None
