import base64
import json
import time
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.kafka.configuration import connection_configuration
from common.kafka.tokens import TokenFile, expiry_of
from common.settings.ingest import IngestSettings


def web_token(**claims: object) -> str:
    parts = [{"alg": "none"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "token"


def test_a_token_is_used_for_a_minute_at_most(path: Path) -> None:
    path.write_text(web_token(exp=time.time() + 3600) + "\n")
    token, until = TokenFile(str(path))()
    assert token == path.read_text().strip()
    assert 55 < until - time.time() <= 60


def test_a_token_is_not_used_after_it_expires(path: Path) -> None:
    expiry = time.time() + 20
    path.write_text(web_token(exp=expiry))
    assert TokenFile(str(path))()[1] == expiry


def test_a_token_that_changed_is_read_again(path: Path) -> None:
    path.write_text("first")
    tokens = TokenFile(str(path))
    path.write_text("second")
    assert tokens()[0] == "second"


def test_the_held_token_serves_while_the_file_is_gone(path: Path) -> None:
    path.write_text("first")
    tokens = TokenFile(str(path))
    path.unlink()
    assert tokens()[0] == "first"


def test_an_expired_token_is_an_error(path: Path) -> None:
    path.write_text(web_token(exp=time.time() - 1))
    tokens = TokenFile(str(path))
    with pytest.raises(ConfigurationError, match="has expired"):
        tokens()


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff"])
def test_a_file_without_a_token_is_refused_at_once(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"kafka_oauth_token_file {path}: "):
        TokenFile(str(path))


@pytest.mark.parametrize("token", ["opaque", "a.b.c", web_token(), web_token(exp="soon"), ".bnVsbA.", "a.é.c"])
def test_other_tokens_have_no_known_expiry(token: str) -> None:
    assert expiry_of(token) is None


def ingest(**settings: object) -> IngestSettings:
    return IngestSettings.model_validate(
        {"kafka_group_id": "posts", "sasl_mechanism": "OAUTHBEARER", "in_network_events_producer_dest": "b:1"}
        | settings
    )


def configured(settings: IngestSettings) -> dict[str, object]:
    return connection_configuration(settings.producer_connection, lambda _: None)


def test_client_credentials_go_to_the_token_endpoint() -> None:
    settings = ingest(kafka_oauth_token_url="https://id/token", kafka_sasl_user="feed", kafka_sasl_password="secret")
    configuration = configured(settings)
    assert configuration["sasl.oauthbearer.method"] == "oidc"
    assert configuration["sasl.oauthbearer.token.endpoint.url"] == "https://id/token"
    assert configuration["sasl.oauthbearer.client.id"] == "feed"
    assert configuration["sasl.oauthbearer.client.secret"] == "secret"
    assert "sasl.password" not in configuration


def test_a_token_file_needs_no_user(path: Path) -> None:
    path.write_text("first")
    assert isinstance(configured(ingest(kafka_oauth_token_file=str(path)))["oauth_cb"], TokenFile)


def test_properties_may_say_where_tokens_come_from() -> None:
    configuration = configured(ingest(kafka_property=["enable.sasl.oauthbearer.unsecure.jwt=true"]))
    assert configuration["enable.sasl.oauthbearer.unsecure.jwt"] == "true"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "OAUTHBEARER needs kafka_oauth_token_url or kafka_oauth_token_file"),
        (
            {"kafka_oauth_token_url": "https://id"},
            "needs client id and secret: set KAFKA_SASL_USER and KAFKA_SASL_PASS",
        ),
        ({"kafka_oauth_token_url": "https://id", "kafka_oauth_token_file": "/t"}, "exclude each other"),
        (
            {"sasl_mechanism": None, "kafka_oauth_token_file": "/t"},
            "kafka_oauth_token_file needs sasl_mechanism OAUTHB",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ingest(**settings)
