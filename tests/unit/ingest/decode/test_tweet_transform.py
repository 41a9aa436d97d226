import pytest
from thriftpy2.thrift import TPayload

from common.ids import MAX_ID
from common.post import LightPost
from ingest.decode.tweet_transform import RawDecoder
from ingest.events import Decoded, Dropped, DropReason, EventKind, Ignored, Malformed, MalformedReason, PostDelete
from tests.support.thrift.golden_tweets import CREATED_AT, core_data, create, delete, event, golden, media, noise

NOW = CREATED_AT + 100
RETENTION = 172_800
PLAIN_POST = LightPost(post_id=1000, author_id=10, created_at=CREATED_AT)


def decode(payload: bytes, now: int = NOW, *, delete_quoting_posts: bool = True) -> Decoded:
    return RawDecoder(RETENTION, delete_quoting_posts)(payload, now)


def refusal(payload: bytes) -> str:
    with pytest.raises(Malformed) as refused:
        decode(payload)
    return str(refused.value)


def test_the_author_of_a_plain_post_is_the_user() -> None:
    assert decode(create(core=core_data(user_id=99))) == PLAIN_POST


def test_a_reply_names_the_post_the_user_and_the_conversation() -> None:
    reply = golden.Reply(in_reply_to_status_id=900, in_reply_to_user_id=9, in_reply_to_screen_name="nine")
    assert decode(create(core=core_data(reply=reply, conversation_id=800))) == PLAIN_POST._replace(
        is_reply=True, in_reply_to_post_id=900, in_reply_to_user_id=9, conversation_id=800
    )


def test_a_mention_is_a_reply_to_a_user_alone() -> None:
    mention = create(core=core_data(reply=golden.Reply(in_reply_to_user_id=9)))
    assert decode(mention) == PLAIN_POST._replace(is_reply=True, in_reply_to_user_id=9)


def test_an_empty_reply_still_makes_a_reply() -> None:
    assert decode(create(core=core_data(reply=golden.Reply()))) == PLAIN_POST._replace(is_reply=True)


def test_a_repost_names_its_source_not_its_parent() -> None:
    share = golden.Share(source_status_id=700, source_user_id=7, parent_status_id=750)
    assert decode(create(core=core_data(share=share))) == PLAIN_POST._replace(
        is_retweet=True, source_post_id=700, source_user_id=7
    )


def test_an_empty_share_still_makes_a_repost() -> None:
    assert decode(create(core=core_data(share=golden.Share()))) == PLAIN_POST._replace(is_retweet=True)


def test_a_repost_that_replies_is_both() -> None:
    core = core_data(share=golden.Share(source_status_id=700), reply=golden.Reply(in_reply_to_status_id=900))
    assert decode(create(core=core)) == PLAIN_POST._replace(
        is_retweet=True, source_post_id=700, is_reply=True, in_reply_to_post_id=900
    )


def every_optional_id(value: int) -> list[bytes]:
    return [
        create(core=core_data(reply=golden.Reply(in_reply_to_status_id=value))),
        create(core=core_data(reply=golden.Reply(in_reply_to_user_id=value))),
        create(core=core_data(share=golden.Share(source_status_id=value))),
        create(core=core_data(share=golden.Share(source_user_id=value))),
        create(core=core_data(conversation_id=value)),
    ]


@pytest.mark.parametrize("payload", every_optional_id(0))
def test_an_optional_id_of_0_is_absent(payload: bytes) -> None:
    post = decode(payload)
    assert isinstance(post, LightPost)
    assert post._replace(is_reply=False, is_retweet=False) == PLAIN_POST


@pytest.mark.parametrize("payload", every_optional_id(-1))
def test_an_optional_id_below_0_is_refused(payload: bytes) -> None:
    assert refusal(payload).startswith(MalformedReason.BAD_ID)


def test_the_largest_ids_are_read() -> None:
    payload = create(tweet={"id": MAX_ID}, user=golden.User(id=MAX_ID), core=core_data(conversation_id=MAX_ID))
    assert decode(payload) == PLAIN_POST._replace(post_id=MAX_ID, author_id=MAX_ID, conversation_id=MAX_ID)


@pytest.mark.parametrize("created_at", [0, -1, 2**63 - 1, -(2**63)])
def test_creation_times_are_passed_on_as_they_are(created_at: int) -> None:
    assert decode(create(core=core_data(created_at_secs=created_at))) == PLAIN_POST._replace(created_at=created_at)


def test_a_nullcast_post_is_dropped() -> None:
    assert decode(create(core=core_data(nullcast=True))) == Dropped(DropReason.NULLCAST)
    assert decode(create(core=core_data(nullcast=False))) == PLAIN_POST


VIDEO = media(video_info=golden.Video(duration_millis=5000))
NO_VIDEOS = {
    "no media": [],
    "two items": [VIDEO, VIDEO],
    "a video and an image": [VIDEO, media(image_info=golden.Image(width=5000))],
    "too short": [media(video_info=golden.Video(duration_millis=4999))],
    "no duration": [media(video_info=golden.Video())],
    "a negative duration": [media(video_info=golden.Video(duration_millis=-1))],
    "an image": [media(image_info=golden.Image(width=5000))],
    "a gif": [media(animated_gif_info=golden.Gif(duration_millis=5000))],
    "a model": [media(model_3d_info=golden.Model(url="model"))],
    "a kind of media not known yet": [media(hologram_info=noise())],
    "no media info": [golden.Media(from_index=0)],
}


def test_one_video_of_five_seconds_makes_a_video_post() -> None:
    assert decode(create(tweet={"media": [VIDEO]})) == PLAIN_POST._replace(has_video=True)


@pytest.mark.parametrize("items", NO_VIDEOS.values(), ids=NO_VIDEOS.keys())
def test_other_media_make_no_video_post(items: list[TPayload]) -> None:
    assert decode(create(tweet={"media": items})) == PLAIN_POST


INCOMPLETE_CREATES = {
    "tweet": event(tweet_create_event=golden.Create(user=golden.User(id=10))),
    "user": create(user=None),
    "core_data": create(tweet={"core_data": None}),
    "tweet.id": create(tweet={"id": None}),
    "user.id": create(user=golden.User()),
    "created_at_secs": create(core=core_data(created_at_secs=None)),
}


@pytest.mark.parametrize(("name", "payload"), INCOMPLETE_CREATES.items())
def test_a_create_without_a_needed_field_is_refused_by_its_name(name: str, payload: bytes) -> None:
    assert refusal(payload) == f"{MalformedReason.MISSING_FIELD}: {name}"


def test_an_empty_create_is_refused() -> None:
    assert refusal(event(tweet_create_event=golden.Create())) == f"{MalformedReason.MISSING_FIELD}: tweet"


@pytest.mark.parametrize("bad_id", [0, -1, -(2**63)])
def test_ids_of_posts_and_authors_are_above_0(bad_id: int) -> None:
    payloads = [
        create(tweet={"id": bad_id}),
        create(user=golden.User(id=bad_id)),
        delete(post_id=bad_id),
        event(quoted_tweet_delete_event=golden.QuotedDelete(quoting_tweet_id=bad_id)),
    ]
    assert all(refusal(payload).startswith(MalformedReason.BAD_ID) for payload in payloads)


def test_a_delete_is_stamped_with_the_time_of_its_batch() -> None:
    assert decode(delete(core=core_data()), NOW) == PostDelete(1000, deleted_at=NOW)


def test_a_delete_needs_nothing_but_the_id_of_its_post() -> None:
    assert decode(delete()) == PostDelete(1000, NOW)
    assert decode(delete(core=core_data(created_at_secs=None))) == PostDelete(1000, NOW)


def test_a_delete_of_a_post_beyond_the_retention_is_dropped() -> None:
    payload = delete(core=core_data())
    assert decode(payload, CREATED_AT + RETENTION) == PostDelete(1000, CREATED_AT + RETENTION)
    assert decode(payload, CREATED_AT + RETENTION + 1) == Dropped(DropReason.DELETE_EXPIRED)


@pytest.mark.parametrize("created_at", [NOW + 1, 2**63 - 1])
def test_a_delete_of_a_post_from_the_future_is_passed_on(created_at: int) -> None:
    assert decode(delete(core=core_data(created_at_secs=created_at))) == PostDelete(1000, NOW)


def test_a_delete_without_a_post_is_refused() -> None:
    assert refusal(event(tweet_delete_event=golden.Delete())) == f"{MalformedReason.MISSING_FIELD}: tweet"
    assert refusal(delete(post_id=None)) == f"{MalformedReason.MISSING_FIELD}: tweet.id"


QUOTED_DELETE = golden.QuotedDelete(quoting_tweet_id=600, quoting_user_id=6, quoted_tweet_id=500, quoted_user_id=5)


def test_a_quoted_delete_deletes_quoting_posts_of_any_age() -> None:
    much_later = CREATED_AT + 100 * RETENTION
    assert decode(event(quoted_tweet_delete_event=QUOTED_DELETE), much_later) == PostDelete(600, much_later)


def test_a_setting_keeps_quoting_posts() -> None:
    payload = event(quoted_tweet_delete_event=QUOTED_DELETE)
    assert decode(payload, delete_quoting_posts=False) == Ignored(EventKind.QUOTED_DELETE)


def test_the_delete_of_a_quoted_post_needs_the_quoting_one() -> None:
    payload = event(quoted_tweet_delete_event=golden.QuotedDelete(quoted_tweet_id=500))
    assert refusal(payload) == f"{MalformedReason.MISSING_FIELD}: quoting_tweet_id"


OTHER_EVENTS = {
    EventKind.FIELD_UPDATE: event(additional_field_update=noise()),
    EventKind.FIELD_DELETE: event(additional_field_delete=noise()),
    EventKind.UNDELETE: event(tweet_undelete=golden.Undelete(tweet=golden.Tweet(id=1000), deleted_at_msec=1)),
    EventKind.SCRUB_GEO: event(tweet_scrub_geo=noise()),
    EventKind.TAKEDOWN: event(tweet_takedown=noise()),
    EventKind.USER_SCRUB_GEO: event(user_scrub_geo=noise()),
    EventKind.SENSITIVE_UPDATE: event(tweet_possibly_sensitive_update=noise()),
    EventKind.QUOTED_TAKEDOWN: event(quoted_tweet_takedown=noise()),
    EventKind.UNKNOWN: event(poll_closed=noise()),
}


@pytest.mark.parametrize(("kind", "payload"), OTHER_EVENTS.items())
def test_other_events_are_ignored_by_kind(kind: EventKind, payload: bytes) -> None:
    assert decode(payload) == Ignored(kind)


def test_a_message_without_an_event_is_refused() -> None:
    assert refusal(b"\x00") == f"{MalformedReason.MISSING_FIELD}: data"
    assert refusal(event()).startswith(MalformedReason.MISSING_FIELD)


def test_a_message_with_two_events_is_refused() -> None:
    payload = event(tweet_scrub_geo=noise(), tweet_takedown=noise())
    assert refusal(payload).startswith(MalformedReason.BAD_WIRE)


OTHER_MEDIA = [
    {"image_info": golden.Image(width=1)},
    {"animated_gif_info": golden.Gif(duration_millis=5000)},
    {"model_3d_info": golden.Model(url="model")},
]


@pytest.mark.parametrize("other", OTHER_MEDIA)
def test_media_of_two_kinds_at_once_are_refused(other: dict[str, TPayload]) -> None:
    both = media(video_info=golden.Video(duration_millis=5000), **other)
    assert refusal(create(tweet={"media": [both]})).startswith(MalformedReason.BAD_WIRE)


def test_fields_of_newer_schemas_change_nothing() -> None:
    reply = golden.Reply(in_reply_to_status_id=900)
    old = create(core=core_data(reply=reply), tweet={"media": [VIDEO]})
    sized_video = golden.Media(
        sizes=[golden.Leaf(name="small")],
        media_info=golden.MediaInfo(video_info=golden.Video(duration_millis=5000, variants=noise())),
    )
    new = create(
        core=core_data(reply=reply, directed_at=noise(), later=noise()),
        tweet={"media": [sized_video], "urls": [noise(), noise()], "far": noise()},
        user=golden.User(id=10, profile=noise()),
        source_tweet=golden.Tweet(id=700),
        source_user=golden.User(id=7),
        retweet_parent_user_id=8,
        quoted_tweet=golden.Tweet(id=600, core_data=core_data(nullcast=True)),
        quoted_user=golden.User(id=6),
    )
    assert decode(new) == decode(old) == PLAIN_POST._replace(is_reply=True, in_reply_to_post_id=900, has_video=True)
