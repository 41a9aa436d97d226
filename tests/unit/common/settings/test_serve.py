import pytest
from pydantic import ValidationError

from common.settings.serve import ServeSettings

TLS = {"grpc_tls_certificate": "server.crt", "grpc_tls_key": "server.key", "grpc_tls_client_ca": "ca.crt"}


def test_serving_needs_nothing_and_has_no_kafka() -> None:
    settings = ServeSettings()
    assert settings.grpc_port == 50051
    assert not hasattr(settings, "kafka_group_id")


def test_a_default_above_the_bound_on_results_is_refused() -> None:
    with pytest.raises(ValidationError, match="default_max_videos must be at most max_results_limit"):
        ServeSettings(default_max_results=10, max_results_limit=100)


@pytest.mark.parametrize(
    "given",
    [
        {"grpc_tls_certificate": "server.crt"},
        {"grpc_tls_key": "server.key"},
        {"grpc_tls_client_ca": "ca.crt"},
        {"redis_url": "rediss://localhost", "redis_tls_key": "client.key"},
        {"redis_url": "redis://localhost", "redis_tls_ca": "ca.crt"},
        {"grpc_tls_certificate": "a", "grpc_tls_key": "b", "grpc_allowed_identities": "feed"},
        {**TLS, "grpc_allowed_identities": " , "},
    ],
)
def test_tls_that_would_not_protect_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"need"):
        ServeSettings.model_validate(given)


@pytest.mark.parametrize("name", [*TLS, "grpc_allowed_identities", "grpc_tokens_file"])
def test_a_protection_that_is_empty_is_refused_not_left_off(name: str) -> None:
    with pytest.raises(ValidationError, match=rf"{name}\n.*at least 1 character"):
        ServeSettings.model_validate({**TLS, "grpc_allowed_identities": "feed", "grpc_tokens_file": "tokens", name: ""})
