import pytest

from common.settings.serve import ServeSettings
from tests.unit.common.settings.ingest_settings import refusal


@pytest.mark.parametrize(
    "url",
    [
        *(f"redis://:{password}@host:6379" for password in ("x/y", "x#y", "x?y", "12/34", "12?34", "12#34")),
        "redis://host:port",
        "redis://[::1",
        "redis://",
    ],
)
def test_malformed_redis_url_is_never_quoted(url: str) -> None:
    assert refusal(redis_url=url) == (
        "must name a host, and a port in digits; / ? # @ : of a password are written %2F and so on"
    )


def test_redis_passwords_may_be_percent_encoded() -> None:
    url = "redis://user:a%2Fb%23c%3Fd%40e@[::1]:6379/0?socket_timeout=1"
    assert ServeSettings.model_validate({"redis_url": url}).redis_address == url
