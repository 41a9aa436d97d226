"""Explains refused certificates by our settings: librdkafka says only that something is wrong, in names of its own."""

import re
import socket
import ssl

from common.kafka.connection import KafkaConnection
from common.tls_files import refuse_encrypted_key

_PROBE_SECONDS = 2.0

_CLIENT_CERTIFICATE_ALERT = re.compile(r"SSL alert number (42|43|44|45|46|48|49|116)\b")
"""The TLS alerts by which a broker refuses the client's certificate, or asks for one."""

_UNTRUSTED_BROKER = re.compile(r"\w+://\[?(?P<host>[^/]+?)\]?:(?P<port>\d+)/.*certificate verify failed")


def refuses_client_certificate(message: str) -> bool:
    """Whether librdkafka's message says that a broker refuses the client's certificate."""
    return _CLIENT_CERTIFICATE_ALERT.search(message) is not None


def certificate_cure(connection: KafkaConnection, message: str) -> str:
    """A sentence that explains librdkafka's message and names the setting; empty when it is not about certificates.

    Blocks: a broker that librdkafka does not trust is asked for its certificate again, for seconds at most.
    """
    if refuses_client_certificate(message):
        return _client_certificate_cure(connection)
    if broker := _UNTRUSTED_BROKER.match(message):
        error = _broker_certificate_error(connection, broker["host"], int(broker["port"]))
        return f"The brokers' certificate is not trusted: {error}." if error else ""
    return ""


def certificate_files_error(connection: KafkaConnection) -> str:
    """Reason why the files of the settings cannot be used; empty when they can."""
    try:
        context = ssl.create_default_context(cafile=connection.ssl_ca_location)
    except OSError as error:
        return f"--ssl-ca-location {connection.ssl_ca_location}: {error}"
    certificate, key = connection.ssl_certificate_location, connection.ssl_key_location
    try:
        if certificate:
            context.load_cert_chain(certificate, key, password=refuse_encrypted_key)
    except OSError as error:
        return f"--ssl-certificate-location {certificate}, --ssl-key-location {key}: {error}"
    return ""


def _client_certificate_cure(connection: KafkaConnection) -> str:
    if connection.ssl_certificate_location is None:
        return "The brokers ask for a certificate: set --ssl-certificate-location and --ssl-key-location."
    return (
        "The brokers do not accept the certificate in --ssl-certificate-location "
        f"{connection.ssl_certificate_location}: it has expired, or they do not know the authority that signed it."
    )


def _broker_certificate_error(connection: KafkaConnection, host: str, port: int) -> str:
    """Error of Python's TLS about the certificate; empty when there is none, or no connection."""
    context = ssl.create_default_context(cafile=connection.ssl_ca_location)
    try:
        with socket.create_connection((host, port), _PROBE_SECONDS) as plain:
            context.wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return f"{error.verify_message.removesuffix('.')} ({_CURES.get(error.verify_code, 'see --ssl-ca-location')})"
    except OSError:
        pass
    return ""


_CURES = {
    10: "renew it",
    62: "name the brokers as it does",
    64: "name the brokers as it does",
}
"""By OpenSSL's number (X509_V_ERR_...): expired, for another name, for another IP address."""
