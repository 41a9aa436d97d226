"""A certificate authority for one test run, and what it signs for a server of the loopback interface."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.programs import Progress, Unavailable, program

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_DAYS = ("-days", "1")


class Certificates(NamedTuple):
    """PEM files. ca: the authority's certificate; server: a key, then its certificate for localhost and 127.0.0.1."""

    ca: Path
    server: Path


def make_certificates(directory: Path, progress: Progress) -> Certificates:
    """Make them in directory, valid for a day. Raises Unavailable."""
    openssl = program("openssl", "openssl", progress)
    made = Certificates(directory / "ca.pem", directory / "server.pem")
    ca_key, key, request, certificate, names = (
        directory / name for name in ("ca.key", "server.key", "server.csr", "server.crt", "server.ext")
    )
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    _run([openssl, "req", "-x509", *_KEY, "-keyout", ca_key, "-out", made.ca, *_DAYS, "-subj", "/CN=Thunder tests"])
    _run([openssl, "req", *_KEY, "-keyout", key, "-out", request, "-subj", "/CN=localhost"])
    signed_by = ["-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial"]
    _run([openssl, "x509", "-req", "-in", request, *signed_by, "-extfile", names, "-out", certificate, *_DAYS])
    made.server.write_text(key.read_text() + certificate.read_text())
    return made


def _run(command: Sequence[str | Path]) -> None:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if ended.returncode != 0:
        raise Unavailable(f"{command[0]} {command[1]} failed:\n{ended.stdout[-2000:]}")
