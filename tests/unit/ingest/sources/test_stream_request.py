import pytest

from common.errors import ConfigurationError
from ingest.sources.bluesky.source import BlueskySource
from ingest.sources.connection import ConnectionLost
from ingest.sources.stream_request import checked_url, first_line, rejected_by_server, shown_url, user_agent
from ingest.sources.wikipedia.source import WikipediaSource

JETSTREAM = "wss://jetstream.example/subscribe"


@pytest.mark.parametrize(
    "option",
    ["compress=true", "requireHello=true", "requireHello", "maxMessageSizeBytes=1", "cursor=0", "wantedCollections=x"],
)
def test_an_option_that_is_not_obeyed_is_refused_by_name(option: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{option.partition('=')[0]}' is not supported.*: wantedDids"):
        BlueskySource(f"{JETSTREAM}?wantedDids=did:web:bob.example&{option}")


def test_wikipedia_has_no_options() -> None:
    with pytest.raises(ConfigurationError, match=r"since' is not supported.*: none"):
        WikipediaSource("https://stream.example/v2/stream/recentchange?since=2025")


def test_a_fragment_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no # part"):
        BlueskySource(f"{JETSTREAM}#x")


def test_an_option_that_is_obeyed_stays_in_the_address() -> None:
    url = f"{JETSTREAM}?wantedDids=did:web:a.example&wantedDids=did:web:b.example"

    assert checked_url(url, ("ws", "wss"), ("wantedDids",)) == url


@pytest.mark.parametrize(
    "url", ["wss://user:secret@h/subscribe?secret=1", "ftp://user:secret@h", "secret@h:99999/?secret"]
)
def test_no_secret_of_an_address_is_shown(url: str) -> None:
    assert "secret" not in shown_url(url)
    with pytest.raises(ConfigurationError) as refused:
        checked_url(url, ("ws", "wss"), ())
    assert "user" not in str(refused.value)


def test_the_agent_names_the_contact() -> None:
    assert user_agent("ops@example.org") == f"{user_agent(None)} (ops@example.org)"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"", ""),
        (b"\r\n \n  Please set a User-Agent\x1b[2J \nmore", "Please set a User-Agent [2J"),
        (b"\xff\x00x", "\N{REPLACEMENT CHARACTER} x"),
        (b"x" * 10_000, "x" * 160),
    ],
)
def test_the_first_line_of_a_body_is_short_and_printable(body: bytes, line: str) -> None:
    assert first_line(body) == line


def test_a_rejection_says_why() -> None:
    url = "wss://user:secret@h/subscribe?wantedDids=x"
    refused, lost = (rejected_by_server(url, status, body=b"no agent\nmore") for status in (403, 503))

    assert isinstance(refused, ConfigurationError)
    assert str(refused) == "wss://h/subscribe refused the connection: HTTP status 403: no agent"
    assert isinstance(lost, ConnectionLost)
    assert str(lost) == "the server answered with HTTP status 503: no agent"
