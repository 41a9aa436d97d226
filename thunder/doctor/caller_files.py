"""Looks at the files of a server that say who it is and who may call, as the server itself does at its start."""

from collections.abc import Callable, Iterator

from common.errors import ConfigurationError
from common.settings.serve import CallerSettings
from serve.rpc.authentication import Authenticator
from serve.rpc.tls import server_credentials
from thunder.doctor.finding import Finding, fail, ok


def check_caller_files(settings: CallerSettings) -> Iterator[Finding]:
    """Certificates and bearer tokens, of those that are set."""
    if settings.grpc_tls_certificate:
        yield _used("gRPC certificates", lambda: server_credentials(settings))
    if settings.grpc_tokens_file:
        yield _used("Bearer tokens", lambda: Authenticator(settings))


def _used(subject: str, use: Callable[[], object]) -> Finding:
    try:
        use()
    except ConfigurationError as error:
        return fail(subject, str(error), "see the files, and who may read them")
    return ok(subject, "can be used")
