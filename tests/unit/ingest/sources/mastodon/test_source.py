"""The meaning of Mastodon's events, and the address, the token and the ids of its source."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from common.errors import ConfigurationError
from common.ids import MAX_ID, id_of_string
from common.post import LightPost
from ingest.events import PostDelete
from ingest.sources.json_line import BadLineReason
from ingest.sources.mastodon import MastodonSettings, PublicStream
from ingest.sources.mastodon.source import IgnoredStatus, MastodonSource, parse_event, stream_address
from ingest.sources.message import Disposition, ParsedMessage, SentKind
from tests.support.sources.json_mutations import mutated_json
from tests.support.sources.mastodon_server import AT, status, status_id

NOW = AT + 60
ADA = 108194863260762493
URL = "https://social.example"


def update(**fields: object) -> ParsedMessage:
    return parse_event("update", status(0, **fields).encode(), NOW)


def post_of(parsed: ParsedMessage) -> LightPost:
    assert isinstance(parsed.event, LightPost), parsed
    return parsed.event


def test_a_post() -> None:
    parsed = update()

    assert (parsed.disposition, parsed.label, parsed.position) == (Disposition.SENT, SentKind.POST, "")
    assert parsed.event == LightPost(status_id(0), ADA, AT)
    assert not parsed.has_bad_date


def test_a_reply() -> None:
    parsed = update(in_reply_to_id="7", in_reply_to_account_id="8")

    assert parsed.label == SentKind.REPLY
    assert parsed.event == LightPost(status_id(0), ADA, AT, in_reply_to_post_id=7, in_reply_to_user_id=8, is_reply=True)


def test_a_reply_to_what_the_server_does_not_know_is_a_reply() -> None:
    post = post_of(update(in_reply_to_account_id="8"))
    assert (post.is_reply, post.in_reply_to_post_id, post.in_reply_to_user_id) == (True, None, 8)


@pytest.mark.parametrize(("kind", "is_video"), [("video", True), ("gifv", True), ("image", False), ("audio", False)])
def test_a_video_is_a_medium_of_that_kind(kind: str, is_video: bool) -> None:
    parsed = update(media_attachments=[{"type": "image"}, {"type": kind}])

    assert post_of(parsed).has_video is is_video
    assert parsed.label == (SentKind.VIDEO if is_video else SentKind.POST)


def test_a_reblog_is_a_repost_of_its_source() -> None:
    source = json.loads(status(1, account={"id": "9"}, media_attachments=[{"type": "video"}]))
    parsed = update(reblog=source)

    assert parsed.label == SentKind.REPOST
    assert parsed.event == LightPost(
        status_id(0), ADA, AT, is_retweet=True, source_post_id=status_id(1), source_user_id=9, has_video=True
    )
    source |= {"in_reply_to_id": "3"}
    post = post_of(update(reblog=source))
    assert (post.has_video, post.is_reply, post.in_reply_to_post_id) == (False, False, None)


def test_a_delete_names_a_post_by_text() -> None:
    parsed = parse_event("delete", b"106692867363994015", NOW)

    assert (parsed.label, parsed.event) == (SentKind.DELETE, PostDelete(106692867363994015, NOW))
    assert parse_event("delete", b'{"id":"1"}', NOW).label == BadLineReason.BAD_FIELD


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("status.update", IgnoredStatus.EDIT),
        ("notification", IgnoredStatus.NOTIFICATION),
        ("announcement.reaction", IgnoredStatus.ANNOUNCEMENT),
        ("filters_changed", IgnoredStatus.OTHER),
        ("of a later version", IgnoredStatus.OTHER),
    ],
)
def test_other_events_are_ignored_by_kind(kind: str, label: IgnoredStatus) -> None:
    parsed = parse_event(kind, b"anything", NOW)
    assert (parsed.disposition, parsed.label, parsed.event) == (Disposition.IGNORED, label, None)


@pytest.mark.parametrize("visibility", ["private", "direct", None, ["public"]])
def test_what_is_not_public_is_never_sent(visibility: object) -> None:
    assert update(visibility=visibility).label == IgnoredStatus.NOT_PUBLIC


@pytest.mark.parametrize("kind", ["", "message"])
def test_a_stream_of_another_system_is_unreadable(kind: str) -> None:
    parsed = parse_event(kind, status().encode(), NOW)
    assert (parsed.disposition, parsed.label) == (Disposition.DROPPED, BadLineReason.BAD_FIELD)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1", 1),
        (str(MAX_ID), MAX_ID),
        (str(MAX_ID + 1), id_of_string(str(MAX_ID + 1))),
        ("9" * 40, id_of_string("9" * 40)),
        ("0", id_of_string("0")),
        ("01FBVD42CQ3ZEEVMW180SBX03B", id_of_string("01FBVD42CQ3ZEEVMW180SBX03B")),
    ],
)
def test_a_decimal_id_is_its_number_and_any_other_its_hash(written: str, number: int) -> None:
    assert post_of(update(id=written)).post_id == number
    assert parse_event("delete", written.encode(), NOW).event == PostDelete(number, NOW)


@pytest.mark.parametrize("written", [7, 7.5, None, "", "a b", "x" * 65, "٣"])
def test_what_is_no_id_costs_its_post_alone(written: object) -> None:
    parsed = update(id=written)
    assert (parsed.disposition, parsed.label, parsed.detail) in (
        (Disposition.DROPPED, BadLineReason.BAD_FIELD, "id is no id"),
        (Disposition.DROPPED, BadLineReason.BAD_FIELD, "id is not a string"),
    )


@pytest.mark.parametrize("written", ["2019-12-08", "soon", None, 5])
def test_an_unreadable_date_is_that_of_the_arrival(written: object) -> None:
    parsed = update(created_at=written)
    assert (post_of(parsed).created_at, parsed.has_bad_date) == (NOW, True)


def test_a_post_is_never_later_than_its_arrival() -> None:
    parsed = update(created_at="2099-01-01T00:00:00.000Z")
    assert (post_of(parsed).created_at, parsed.has_bad_date) == (NOW, False)


REBLOG = status(reblog=json.loads(status(1, media_attachments=[{"type": "video"}])))


@given(mutated_json(status(in_reply_to_id="1"), REBLOG))
def test_damaged_posts_are_sent_or_dropped(damaged: str) -> None:
    parsed = parse_event("update", damaged.encode(errors="surrogatepass"), NOW)
    if parsed.disposition is Disposition.SENT:
        post = post_of(parsed)
        assert 0 < post.post_id <= MAX_ID
        assert post.created_at <= NOW
    else:
        assert parsed.event is None


@given(st.sampled_from(["update", "delete", "status.update", ""]), st.binary(max_size=40))
def test_any_bytes_are_taken(kind: str, data: bytes) -> None:
    parse_event(kind, data, NOW)


@pytest.mark.parametrize(
    ("stream", "hashtag", "path"),
    [
        (PublicStream.PUBLIC, None, "public"),
        (PublicStream.PUBLIC_LOCAL, None, "public/local"),
        (PublicStream.PUBLIC_REMOTE, None, "public/remote"),
        (PublicStream.HASHTAG, "#Grün & Gut", "hashtag?tag=Gr%C3%BCn%20%26%20Gut"),
        (PublicStream.HASHTAG_LOCAL, "python", "hashtag/local?tag=python"),
    ],
)
def test_a_stream_has_itsstream_address(stream: PublicStream, hashtag: str | None, path: str) -> None:
    settings = MastodonSettings(server_url=f"{URL}/", stream=stream, hashtag=hashtag)
    assert stream_address(settings.server_url, settings) == f"{URL}/api/v1/streaming/{path}"


@pytest.mark.parametrize(("stream", "hashtag"), [(PublicStream.PUBLIC, "a"), (PublicStream.HASHTAG, None)])
def test_a_hashtag_goes_with_its_streams(stream: PublicStream, hashtag: str | None) -> None:
    with pytest.raises(ValidationError, match="hashtag goes with"):
        MastodonSettings(server_url=URL, stream=stream, hashtag=hashtag)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "ü"])
def test_a_token_that_fits_no_header_is_refused_unquoted(token: str) -> None:
    with pytest.raises(ValidationError, match="ASCII without spaces") as refused:
        MastodonSettings(server_url=URL, access_token=SecretStr(token))
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:4000", "http://[::1]", "http://localhost"])
def test_a_token_goes_to_encrypted_or_local_servers(url: str) -> None:
    MastodonSource(MastodonSettings(server_url=url, access_token=SecretStr("t")))


def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(ConfigurationError, match=r"'http://social.example' would send the access token in the clear"):
        MastodonSource(MastodonSettings(server_url="http://social.example", access_token=SecretStr("t")))
    MastodonSource(MastodonSettings(server_url="http://social.example"))


def test_an_option_of_the_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="its option 'only_media' is not supported"):
        MastodonSource(MastodonSettings(server_url=f"{URL}?only_media=true"))
