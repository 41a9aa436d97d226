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


@pytest.mark.parametrize(
    "login",
    [
        {"grpc_tokens_file": "tokens"},
        {"grpc_tls_client_ca": "ca", "grpc_tls_certificate": "certificate", "grpc_tls_key": "key"},
    ],
)
def test_a_page_without_a_login_is_refused_beside_one(login: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="live_page shows every timeline without a login"):
        ServeSettings.model_validate({"live_page": True, "follow_store": True, **login})
    assert ServeSettings.model_validate({"follow_store": True, **login}).live_page is False


def test_hosts_of_the_page_are_names_in_lower_case() -> None:
    assert ServeSettings.model_validate({"live_page_hosts": "Feed.example, ,10.1.2.3"}).page_hosts == {
        "feed.example",
        "10.1.2.3",
    }
    assert ServeSettings.model_validate({}).page_hosts == frozenset()


@pytest.mark.parametrize(
    ("given", "is_open"),
    [
        ({}, True),
        ({"grpc_host": "192.0.2.1"}, True),
        ({"grpc_host": "127.0.0.1"}, False),
        ({"grpc_host": "::1"}, False),
        ({"grpc_tokens_file": "tokens"}, False),
        ({"grpc_tls_certificate": "c", "grpc_tls_key": "k"}, True),
        ({"grpc_tls_certificate": "c", "grpc_tls_key": "k", "grpc_tls_client_ca": "a"}, False),
    ],
)
def test_a_server_is_open_without_identities_beyond_loopback(given: dict[str, str], is_open: bool) -> None:
    assert ServeSettings.model_validate(given).is_open is is_open
