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
    url = "redis://user:a%2Fb%23c%3Fd%40e@[::1]:6379/0?db=0"
    assert ServeSettings.model_validate({"redis_url": url}).redis_address.startswith(f"{url}&client_name=")


@pytest.mark.parametrize("files", [{"redis_tls_ca": "ca"}, {"redis_tls_certificate": "crt", "redis_tls_key": "key"}])
def test_tls_files_are_given_once(files: dict[str, object]) -> None:
    url = "rediss://host?ssl_ca_certs=a&ssl_certfile=b&ssl_keyfile=c"
    assert refusal(redis_url=url, **files) == (
        "redis_tls_... and ssl_... options of redis_url name the same files: give one of them"
    )
