"""A certificate authority for one test run, and its certificates."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.programs.installed import Progress, Unavailable, program

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
HERE = "DNS:localhost,IP:127.0.0.1"


class Issued(NamedTuple):
    """PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Its certificate is at `ca`, a PEM file."""

    def __init__(self, directory: Path, progress: Progress) -> None:
        """Make one in a directory of its own, valid for a day. Raises Unavailable."""
        self._openssl = program("openssl", "openssl", progress)
        self._directory = directory
        self._key = directory / "ca.key"
        self.ca = directory / "ca.pem"
        made = ("-keyout", self._key, "-out", self.ca, "-days", "1", "-subj", "/CN=Thunder tests")
        _run([self._openssl, "req", "-x509", *_KEY, *made])

    def issue(self, name: str, names: str = HERE, days: int = 1) -> Issued:
        """A certificate for a common name and alternative names, valid for these days; expired when below 0.

        Issued again for the same name, it takes the place of the old one.
        """
        request, extensions = (self._directory / f"{name}.{suffix}" for suffix in ("csr", "ext"))
        issued = Issued(self._directory / f"{name}.crt", self._directory / f"{name}.key")
        extensions.write_text(f"subjectAltName={names}\n")
        _run([self._openssl, "req", *_KEY, "-keyout", issued.key, "-out", request, "-subj", f"/CN={name}"])
        signed_by = ("-CA", self.ca, "-CAkey", self._key, "-CAcreateserial", "-extfile", extensions)
        out = ("-out", issued.certificate, "-days", str(days))
        _run([self._openssl, "x509", "-req", "-in", request, *signed_by, *out])
        return issued

    def encrypt(self, key: Path) -> None:
        """Put a password on a key."""
        encrypted = key.with_suffix(".encrypted")
        _run([self._openssl, "pkey", "-in", key, "-out", encrypted, "-aes256", "-passout", "pass:secret"])
        encrypted.replace(key)


def _run(command: Sequence[str | Path]) -> None:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if ended.returncode != 0:
        raise Unavailable(f"{command[0]} {command[1]} failed:\n{ended.stdout[-2000:]}")
