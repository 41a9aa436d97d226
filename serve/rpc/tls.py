"""TLS of the gRPC server, with certificates that are renewed while it runs: changed files are read again."""

import logging
import ssl
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from common.errors import ConfigurationError
from common.settings.serve import CallerSettings
from common.tls_files import WatchedFiles, refuse_encrypted_key

log = logging.getLogger("thunder.serve")


class CertificateFiles(NamedTuple):
    """PEM files. client_ca: authority that signs callers; None when they need no certificate."""

    certificate: Path
    key: Path
    client_ca: Path | None

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Read the files. OSError, which ssl.SSLError is, when they cannot be read or do not belong together."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.client_ca)
        context.load_cert_chain(self.certificate, self.key, password=refuse_encrypted_key)
        return grpc.ssl_server_certificate_configuration(
            [(self.key.read_bytes(), self.certificate.read_bytes())],
            self.client_ca.read_bytes() if self.client_ca else None,
        )


class RenewedCertificates:
    """Called by gRPC at each handshake, in threads of its own, one at a time."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files = files
        self._watched = WatchedFiles([path for path in files if path is not None])
        self._last_error = ""

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """The configuration when it is new, None while the last one holds: also when the new files are bad."""
        try:
            if not self._watched.changed():
                return None
            read = self._files.read()
        except OSError as error:
            self._watched.forget()
            self._log_error(str(error))
            return None
        log.info("The certificates of the gRPC server were renewed")
        self._last_error = ""
        return read

    def prime(self) -> grpc.ServerCertificateConfiguration:
        """The first configuration. OSError."""
        self._watched.changed()
        return self._files.read()

    def _log_error(self, error: str) -> None:
        if error != self._last_error:
            self._last_error = error
            log.error("New certificates of the gRPC server cannot be used, the old ones stay in force: %s", error)


def server_credentials(settings: CallerSettings) -> grpc.ServerCredentials | None:
    """Credentials from the files of the settings; None for no encryption. ConfigurationError for bad files."""
    if settings.grpc_tls_certificate is None or settings.grpc_tls_key is None:
        return None
    client_ca = Path(settings.grpc_tls_client_ca) if settings.grpc_tls_client_ca else None
    certificates = RenewedCertificates(
        CertificateFiles(Path(settings.grpc_tls_certificate), Path(settings.grpc_tls_key), client_ca)
    )
    try:
        first = certificates.prime()
    except OSError as error:
        raise ConfigurationError(
            f"the certificates of the gRPC server cannot be used (--grpc-tls-...): {error}"
        ) from error
    renewed: Any = certificates  # None for "no change" is documented, but not declared
    return grpc.dynamic_ssl_server_credentials(first, renewed, client_ca is not None)
