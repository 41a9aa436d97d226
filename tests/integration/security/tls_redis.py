"""A Redis that is reached over mutual TLS alone."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.network.certificates import Authority, Issued
from tests.support.processes.child import Child
from tests.support.unused import free_port
from thunder.embedded.redis_server import SETTINGS, redis_binary

PASSWORD = "s3cret"


class TlsRedis(NamedTuple):
    """A server that answers only who has a certificate of the authority and the password."""

    port: int
    authority: Authority
    ours: Issued
    password: str | None = PASSWORD

    def settings(self, **changed: str | None) -> dict[str, str | None]:
        return {
            "redis_url": f"rediss://{f':{self.password}@' if self.password else ''}localhost:{self.port}",
            "redis_tls_ca": str(self.authority.ca),
            "redis_tls_certificate": str(self.ours.certificate),
            "redis_tls_key": str(self.ours.key),
            **changed,
        }


@contextmanager
def tls_redis(
    directory: Path, authority: Authority, shown: Issued, password: str | None = PASSWORD
) -> Generator[TlsRedis]:
    """A server that shows this certificate, with its files in directory."""
    port = free_port()
    settings = (
        SETTINGS
        | {
            "port": "0",
            "tls-port": str(port),
            "tls-cert-file": str(shown.certificate),
            "tls-key-file": str(shown.key),
            "tls-ca-cert-file": str(authority.ca),
            "dir": str(directory),
        }
        | ({"requirepass": password} if password else {})
    )
    arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
    child = Child([redis_binary(), *arguments], directory / "redis.log")
    try:
        child.wait_for_output("Ready to accept connections")
        yield TlsRedis(port, authority, authority.issue("thunder"), password)
    finally:
        child.kill()
