"""The parser of Redis URLs: what each URL means, what is refused, and that no error shows a secret."""

import random

import pytest

from common.errors import ConfigurationError
from common.store.address import Address, Login, Node, TlsFiles, parse_address

_LOCAL = (Node("localhost", 6379),)
_SENTINELS = (Node("a", 26379), Node("b", 5))
_MALFORMED = "must name a host, and a port in digits"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", Address(_LOCAL)),
        ("redis://localhost:6379/", Address(_LOCAL)),
        ("redis://localhost/7", Address(_LOCAL, database=7)),
        ("redis://localhost?db=7", Address(_LOCAL, database=7)),
        ("redis://localhost/7?db=7", Address(_LOCAL, database=7)),
        ("redis://a:1,b:2,[::1]:3,a:1", Address((Node("a", 1), Node("b", 2), Node("::1", 3)))),
        ("redis://:pa%40ss@localhost", Address(_LOCAL, login=Login(None, "pa@ss"))),
        ("redis://user@localhost", Address(_LOCAL, login=Login("user"))),
        ("redis://us%3Aer:p%2F@localhost", Address(_LOCAL, login=Login("us:er", "p/"))),
        ("redis://localhost?username=u&password=p%26", Address(_LOCAL, login=Login("u", "p&"))),
        ("rediss://localhost", Address(_LOCAL, tls=TlsFiles())),
        (
            "rediss://localhost?ssl_ca_certs=%2Fca&ssl_certfile=c&ssl_keyfile=k",
            Address(_LOCAL, tls=TlsFiles("/ca", "c", "k")),
        ),
        ("rediss://localhost?ssl_cert_reqs=required&ssl_check_hostname=true", Address(_LOCAL, tls=TlsFiles())),
        ("redis+sentinel://a,b:5/main", Address(_SENTINELS, "main")),
        ("redis+sentinel://a,b:5/ma%20in/3", Address(_SENTINELS, "ma in", database=3)),
        ("rediss+sentinel://u:p@a,b:5/main", Address(_SENTINELS, "main", Login("u", "p"), tls=TlsFiles())),
        (
            "redis+sentinel://a,b:5/main?sentinel_username=u&sentinel_password=p",
            Address(_SENTINELS, "main", sentinel_login=Login("u", "p")),
        ),
        ("unix:///run/redis%20a.sock", Address((Node("/run/redis a.sock", 0),))),
        ("unix://u:p@/run/redis.sock?db=2", Address((Node("/run/redis.sock", 0),), login=Login("u", "p"), database=2)),
    ],
)
def test_every_part_of_a_url_is_read(url: str, address: Address) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must begin with redis://"),
        ("localhost:6379", "must begin with redis://"),
        ("REDIS://localhost", "must begin with redis://"),
        ("http://localhost", "must begin with redis://"),
        ("redis+sentinels://a/main", "must begin with redis://"),
        *((f"redis://{server}", _MALFORMED) for server in ("", ":1", "h:0", "h:65536", "h:-1", "h:1:2", "h:²", "h,")),
        *((f"redis://{server}", _MALFORMED) for server in ("[::1", "[::1]6379", "[h]", "h%41", "a..b", "h h", "h\n")),
        ("redis://h#0", _MALFORMED),
        ("redis://:a/b@h", _MALFORMED),
        ("redis://:a?b@h", _MALFORMED),
        ("redis://:%ff@h", _MALFORMED),
        ("redis://:\udcff@h", _MALFORMED),
        ("redis://h/x", "must name the database as a whole number"),
        ("redis://h/1/2", "must name the database as a whole number"),
        ("redis://h?db=x", "must name the database as a whole number"),
        ("redis://h?db=-1", "must name the database as a whole number"),
        ("redis://h?db=99999999999", "must name the database as a whole number"),
        ("redis://h/1?db=2", "option db names another database than the path"),
        ("redis://h?db=1&db=1", "option db is given twice"),
        ("redis://u:p@h?password=x", "option password is given twice: in front of the host too"),
        ("redis://u:p@h?username=x", "option username is given twice: in front of the host too"),
        ("redis://h?db", "must have options as name=value, joined with &"),
        ("redis://h?username=", "option username is empty"),
        ("redis://h?socket_timeout=1", "option socket_timeout is not supported: use redis_timeout_ms"),
        ("redis://h?decode_responses=true", "option decode_responses is not supported: leave it out"),
        ("redis://h?ssl_ca_certs=x", "option ssl_ca_certs needs a URL that begins with rediss"),
        ("redis://h?sentinel_password=x", "option sentinel_password needs a URL that begins with redis+sentinel://"),
        ("rediss://h?ssl_cert_reqs=none", "option ssl_cert_reqs cannot be changed"),
        ("rediss://h?ssl_check_hostname=false", "option ssl_check_hostname cannot be changed"),
        ("rediss://h?ssl_min_version=TLSv1.3", "option ssl_min_version is not supported"),
        ("rediss://h?ssl_password=x", "option ssl_password is not supported: use a key file without a password"),
        ("rediss://h?ssl_certfile=x", "options ssl_certfile and ssl_keyfile need each other"),
        ("rediss://h?ssl_ca_certs=%00", "option ssl_ca_certs must not have a zero byte"),
        ("redis+sentinel://h", "must name the service that Sentinel watches"),
        ("redis+sentinel://h//0", "must name the service that Sentinel watches"),
        ("redis+sentinel://h/main/x", "must name the database as a whole number"),
        ("unix://", "must name a socket by its absolute path"),
        ("unix://run/redis.sock", "must name a socket by its absolute path"),
        ("unix:///run/%00", "must name a socket by its absolute path"),
    ],
)
def test_what_would_not_be_obeyed_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_address(url)
    assert str(refused.value).startswith(reason)


def test_an_address_shows_no_password() -> None:
    address = parse_address("redis+sentinel://u:hunter2@a/main?sentinel_password=hunter3")
    assert "hunter" not in repr(address)


def test_a_piece_of_a_password_is_no_name_of_an_option() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_address("redis://h?password=hun&ter=x")
    assert str(refused.value) == "option of another name is not supported: leave it out"


def test_no_url_raises_another_error_or_shows_its_password() -> None:
    drawn = random.Random(20_261_128)
    pieces = [
        "redis",
        "rediss",
        "+sentinel",
        "unix",
        "://",
        ":",
        "@",
        "/",
        "?",
        "&",
        "=",
        "#",
        ",",
        "[",
        "]",
        "%",
        "::1",
    ]
    pieces += [
        "h",
        "65535",
        "0",
        "db",
        "username",
        "ssl_ca_certs",
        "sentinel_password",
        "%00",
        "%ff",
        "\udcff",
        "é",
        ".",
    ]
    for _ in range(20_000):
        secret = "".join(drawn.choices("QZ/?#@:&=%,[]", k=6)) + "SECRET"
        around = ["".join(drawn.choices(pieces, k=drawn.randrange(6))) for _ in range(2)]
        scheme = drawn.choice(["redis://", "rediss://", "redis+sentinel://", "unix://", ""])
        form = drawn.choice([f"u:{secret}@", f"h?password={secret}&", f"h/s?sentinel_password={secret}"])
        error = refusal(f"{scheme}{around[0]}{form}{around[1]}")
        assert "SECRET" not in error
        assert "Q" not in error


def refusal(url: str) -> str:
    """The reason why the URL is refused; empty when it is not."""
    try:
        parse_address(url)
    except ConfigurationError as error:
        return str(error)
    return ""
