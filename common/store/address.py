"""Address of Redis: a URL becomes hosts, credentials, a database and TLS files. Pure; errors never quote a value.

Every client is made from the Address, so an option of the URL is obeyed by all of them or refused here by its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from common.errors import ConfigurationError

_MALFORMED = "must name a host, and a port in digits; / ? # @ : of a password are written %2F and so on"
_SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix")
_REDIS_PORT, _SENTINEL_PORT = 6379, 26379
_LARGEST_DATABASE = 2**31 - 1

_LOGIN_OPTIONS = ("db", "username", "password")
_NAME_OPTION = "client_name"
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
_ALWAYS_TRUE = {"ssl_cert_reqs": ("required",), "ssl_check_hostname": ("true", "True", "1")}
"""Options that may be given, but not changed: the certificate and the name of Redis are always checked."""

_TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", *_ALWAYS_TRUE)
_CURES = {
    "socket_timeout": "use redis_timeout_ms",
    "socket_connect_timeout": "use redis_timeout_ms",
    "timeout": "use redis_timeout_ms",
    "ssl_password": "use a key file without a password",
    "protocol": "leave it out",
}
_KNOWN = {_NAME_OPTION, *_LOGIN_OPTIONS, *_TLS_OPTIONS, *_SENTINEL_OPTIONS, *_CURES}
_HOST = re.compile(r"[^\s/?#@:%\[\],]+")
_OPTION = re.compile(r"[a-z_]{1,40}")


class Node(NamedTuple):
    """Address of a Redis server. A host that begins with / is the path of a Unix socket; its port is 0."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return host:port, or the path."""
        return f"{self.host}:{self.port}" if self.port else self.host


class TlsFiles(NamedTuple):
    """PEM files of TLS. ca: None for the authorities of the system. certificate and key: both, or neither."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials, None where there are none."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        """Whether a connection has to authenticate."""
        return self.username is not None or self.password is not None

    @property
    def words(self) -> tuple[str, ...]:
        """AUTH and its arguments; empty without credentials. A user without a password has an empty one."""
        names = () if self.username is None else (self.username,)
        return ("AUTH", *names, self.password or "") if self else ()


@dataclass(frozen=True, slots=True)
class Address:
    """Parsed URL. hosts: seeds, any of which may lead to the store; the Sentinels when service is not None.

    client_name: as which connections appear in CLIENT LIST; empty for none.
    """

    hosts: tuple[Node, ...]
    service: str | None = None
    login: Login = Login()
    sentinel_login: Login = Login()
    database: int = 0
    tls: TlsFiles | None = None
    client_name: str = ""

    @property
    def naming(self) -> tuple[str, ...]:
        """Words of the command that names a connection; empty without a name. A user may lack the right to it."""
        return ("CLIENT", "SETNAME", self.client_name) if self.client_name else ()


def parse_address(url: str) -> Address:
    """Parse the URL of Redis. ConfigurationError names the part or option that is wrong, never a value."""
    scheme, separator, rest = url.partition("://")
    if scheme not in _SCHEMES or not separator:
        raise ConfigurationError(f"must begin with {', '.join(f'{name}://' for name in _SCHEMES[:-1])} or unix://")
    before_query, _, query = rest.partition("?")
    authority, _, path = before_query.partition("/")
    if not url.isprintable() or "#" in url or "@" in path + query:
        raise ConfigurationError(_MALFORMED)
    userinfo, _, servers = authority.rpartition("@")
    is_sentinel, is_tls = scheme.endswith("+sentinel"), scheme.startswith("rediss")
    hosts = (_socket(servers, path),) if scheme == "unix" else _hosts(servers, is_sentinel=is_sentinel)
    options = _options(query, scheme)
    service, database = _split_path(path, scheme)
    return Address(
        hosts,
        service,
        _login(userinfo, options),
        Login(options.get("sentinel_username"), options.get("sentinel_password")),
        _database(database, options.get("db")),
        _tls(options) if is_tls else None,
        options.get(_NAME_OPTION, ""),
    )


def _socket(servers: str, path: str) -> Node:
    name = "/" + _unquoted(path)
    if servers or len(name) == 1 or "\0" in name:
        raise ConfigurationError("must name a socket by its absolute path: unix:///path")
    return Node(name, 0)


def _hosts(servers: str, *, is_sentinel: bool) -> tuple[Node, ...]:
    default = _SENTINEL_PORT if is_sentinel else _REDIS_PORT
    return tuple(dict.fromkeys(_node(server, default) for server in servers.split(",")))


def _node(server: str, default_port: int) -> Node:
    try:
        if server.startswith("["):
            host, bracket, tail = server[1:].partition("]")
            IPv6Address(host if bracket else "")
        else:
            host = server.partition(":")[0]
            tail = server[len(host) :]
            host.encode("idna")
    except ValueError as error:
        raise ConfigurationError(_MALFORMED) from error
    port = tail.removeprefix(":") or str(default_port)
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536
    if not is_port or (tail and tail[0] != ":") or not (_HOST.fullmatch(host) or server[:1] == "["):
        raise ConfigurationError(_MALFORMED)
    return Node(host, int(port))


def _split_path(path: str, scheme: str) -> tuple[str | None, str]:
    """Service of Sentinel and database, as the path names them."""
    if scheme == "unix":
        return None, ""
    if not scheme.endswith("+sentinel"):
        return None, path
    service, _, database = path.partition("/")
    if not service:
        raise ConfigurationError(f"must name the service that Sentinel watches: {scheme}://host:port/service")
    return _unquoted(service), database


def _options(query: str, scheme: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict") if query else []
    except ValueError as error:
        raise ConfigurationError("must have options as name=value, joined with &") from error
    options = dict(pairs)
    for name, value in pairs:
        if reason := _refusal(name, value, scheme):
            raise ConfigurationError(f"option {_shown(name, options)} {reason}")
    if len(pairs) > len(options):
        twice = next(name for name in options if [pair[0] for pair in pairs].count(name) > 1)
        raise ConfigurationError(f"option {twice} is given twice")
    return options


def _shown(name: str, options: Mapping[str, str]) -> str:
    """Return the name, unless it may be a piece of a password with an & in it."""
    is_known = name in _KNOWN or not any("password" in other for other in options)
    return name if is_known and _OPTION.fullmatch(name) else "of another name"


def _refusal(name: str, value: str, scheme: str) -> str | None:
    """Reason why the option is not obeyed; None when it is."""
    if name in _TLS_OPTIONS and not scheme.startswith("rediss"):
        return "needs a URL that begins with rediss"
    if name in _SENTINEL_OPTIONS and not scheme.endswith("+sentinel"):
        return "needs a URL that begins with redis+sentinel:// or rediss+sentinel://"
    if name in _ALWAYS_TRUE:
        return None if value in _ALWAYS_TRUE[name] else "cannot be changed: certificate and name are always checked"
    if name not in _KNOWN or name in _CURES:
        return f"is not supported: {_CURES.get(name, 'leave it out')}"
    if not value or ("\0" in value and "password" not in name):
        return "is empty" if not value else "must not have a zero byte"
    return None


def _login(userinfo: str, options: Mapping[str, str]) -> Login:
    username, _, password = userinfo.partition(":")
    for name, given in (("username", username), ("password", password)):
        if given and name in options:
            raise ConfigurationError(f"option {name} is given twice: in front of the host too")
    return Login(_unquoted(username) or options.get("username"), _unquoted(password) or options.get("password"))


def _database(in_path: str, in_option: str | None) -> int:
    numbers = {_number(text) for text in (in_path, in_option) if text}
    if len(numbers) > 1:
        raise ConfigurationError("option db names another database than the path")
    return numbers.pop() if numbers else 0


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LARGEST_DATABASE):
        raise ConfigurationError("must name the database as a whole number: /0 behind the host, or option db")
    return int(text)


def _tls(options: Mapping[str, str]) -> TlsFiles:
    files = TlsFiles(options.get("ssl_ca_certs"), options.get("ssl_certfile"), options.get("ssl_keyfile"))
    if (files.certificate is None) != (files.key is None):
        raise ConfigurationError("options ssl_certfile and ssl_keyfile need each other")
    return files


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise ConfigurationError(_MALFORMED) from error
