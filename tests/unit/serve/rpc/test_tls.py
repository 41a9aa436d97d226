from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.settings.serve import ServeSettings
from serve.rpc.tls import CertificateFiles, RenewedCertificates, server_credentials
from tests.support.network.certificates import Authority
from tests.support.programs.installed import Progress


@pytest.fixture
def authority(tmp_path: Path, progress: Progress) -> Authority:
    return Authority(tmp_path, progress)


def test_new_certificates_are_used_once_they_can_be_read(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    files = CertificateFiles(*authority.issue("server"), client_ca=None)
    certificates = RenewedCertificates(files)
    certificates.prime()
    authority.issue("server")

    with monkeypatch.context() as denied:
        denied.setattr(CertificateFiles, "read", _denied)
        assert certificates() is None

    assert certificates() is not None
    assert certificates() is None


def _denied(files: CertificateFiles) -> None:
    """As with rights that are corrected later: size and time stay the same."""
    raise PermissionError(files.key)


def test_no_prompt_asks_for_the_password_of_a_key(authority: Authority, capfd: pytest.CaptureFixture[str]) -> None:
    certificate, key = authority.issue("server")
    authority.encrypt(key)
    settings = ServeSettings(grpc_tls_certificate=str(certificate), grpc_tls_key=str(key))
    with pytest.raises(ConfigurationError, match="the key is encrypted"):
        server_credentials(settings)
    assert "pass phrase" not in capfd.readouterr().err
