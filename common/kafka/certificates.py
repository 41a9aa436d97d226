"""Tells what is wrong with certificates: librdkafka says that something is, and names settings of its own."""

import re
import socket
import ssl

from common.kafka.connection import KafkaConnection
from common.tls_files import no_password

_PROBE_SECONDS = 2.0

_REFUSES_OURS = re.compile(r"SSL alert number (42|43|44|45|46|48|49|116)\b")
"""The alerts of TLS that say what is wrong with the certificate of the other side, or that there is none."""

_DISTRUSTED = re.compile(r"\w+://\[?(?P<host>[^/]+?)\]?:(?P<port>\d+)/.*certificate verify failed")


def is_refusal_of_ours(said: str) -> bool:
    """Whether a broker does not want our certificate, in librdkafka's words."""
    return _REFUSES_OURS.search(said) is not None


def what_to_mend(access: KafkaConnection, said: str) -> str:
    """A sentence, after what librdkafka said of a connection; empty when it is not about certificates.

    Blocks: a broker that librdkafka does not trust is asked for its certificate again, for seconds at most.
    """
    if is_refusal_of_ours(said):
        return _mend_ours(access)
    if broker := _DISTRUSTED.match(said):
        flaw = _flaw_of_broker(access, broker["host"], int(broker["port"]))
        return f"The brokers' certificate is not trusted: {flaw}." if flaw else ""
    return ""


def flaw_of_files(access: KafkaConnection) -> str:
    """Why the files that the settings name cannot be used; empty when they can."""
    try:
        context = ssl.create_default_context(cafile=access.ssl_ca_location)
    except OSError as error:
        return f"--ssl-ca-location {access.ssl_ca_location}: {error}"
    certificate, key = access.ssl_certificate_location, access.ssl_key_location
    try:
        if certificate:
            context.load_cert_chain(certificate, key, password=no_password)
    except OSError as error:
        return f"--ssl-certificate-location {certificate}, --ssl-key-location {key}: {error}"
    return ""


def _mend_ours(access: KafkaConnection) -> str:
    if access.ssl_certificate_location is None:
        return "The brokers ask for a certificate: set --ssl-certificate-location and --ssl-key-location."
    return (
        f"The brokers do not accept the certificate in --ssl-certificate-location {access.ssl_certificate_location}: "
        "it has expired, or they do not know the authority that signed it."
    )


def _flaw_of_broker(access: KafkaConnection, host: str, port: int) -> str:
    """What Python's TLS finds; empty when it finds nothing, or does not get so far."""
    context = ssl.create_default_context(cafile=access.ssl_ca_location)
    try:
        with socket.create_connection((host, port), _PROBE_SECONDS) as plain:
            context.wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return (
            f"{error.verify_message.removesuffix('.')} ({_MENDED_BY.get(error.verify_code, 'see --ssl-ca-location')})"
        )
    except OSError:
        pass
    return ""


_MENDED_BY = {
    10: "renew it",
    62: "name the brokers as it does",
    64: "name the brokers as it does",
}
"""By OpenSSL's number of the flaw (X509_V_ERR_...): it has expired, is for another name, for another IP address."""
