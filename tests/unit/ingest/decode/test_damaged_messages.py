"""Thousands of damaged messages end in an event or in Malformed, in bounded memory, with every decoder."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from common.ids import MAX_ID
from common.post import LightPost
from common.settings.kafka import Framing
from ingest.decode.framing import unframe
from ingest.decode.refined_event import decode_event, encode_event
from ingest.decode.tweet_transform import RawDecoder
from ingest.events import AuthorDelete, Decoded, Dropped, Ignored, Malformed, PostDelete
from tests.support.thrift.golden_tweets import CREATED_AT, core_data, create, delete, event, golden, media, noise
from tests.unit.ingest.decode.mutations import mutated

MESSAGES = [4_000, pytest.param(20_000, marks=pytest.mark.everything)]
SMALL_PEAK_BYTES = 2**20

REPLY = golden.Reply(in_reply_to_status_id=900, in_reply_to_user_id=9, in_reply_to_screen_name="nine")
SHARE = golden.Share(source_status_id=700, source_user_id=7)
VIDEO = media(video_info=golden.Video(duration_millis=9000, variants=noise()))

RAW = [
    create(),
    create(core=core_data(reply=REPLY, conversation_id=800)),
    create(core=core_data(share=SHARE, later=noise()), user=golden.User(id=10, profile=noise())),
    create(tweet={"media": [VIDEO], "urls": [noise()]}),
    delete(core=core_data()),
    event(quoted_tweet_delete_event=golden.QuotedDelete(quoting_tweet_id=600)),
    event(tweet_undelete=golden.Undelete(tweet=golden.Tweet(id=1000))),
    event(poll_closed=noise()),
]

REFINED = [
    encode_event(LightPost(1000, 10, CREATED_AT)),
    encode_event(LightPost(MAX_ID, MAX_ID, CREATED_AT, 900, 9, is_reply=True, has_video=True, conversation_id=800)),
    encode_event(LightPost(1000, 10, CREATED_AT, is_retweet=True, source_post_id=700, source_user_id=7)),
    encode_event(PostDelete(1000, CREATED_AT)),
    encode_event(AuthorDelete(10, CREATED_AT)),
]

raw_decoder = RawDecoder(retention_seconds=172_800, delete_quoting_posts=True)


def decode_raw(payload: bytes) -> Decoded:
    return raw_decoder(payload, CREATED_AT)


def decode_framed(payload: bytes) -> Decoded:
    return decode_event(unframe(payload, Framing.CONFLUENT, message_indexes=True))


def framed(payloads: Iterable[bytes]) -> list[bytes]:
    frames = [b"\x00\x00\x00\x00\x07\x00", b"\x00\x00\x00\x00\x07\x02\x08", b"\x01" + bytes(16) + b"\x04\x02\x02"]
    return [frame + payload for payload in payloads for frame in frames]


def outcome(decode: Callable[[bytes], Decoded], payload: bytes) -> str:
    """Outcome of a message. An event's ids are those of a post or an author."""
    try:
        decoded = decode(payload)
    except Malformed as malformed:
        return malformed.reason
    match decoded:
        case LightPost():
            ids = [decoded.post_id, decoded.author_id, *_optional_ids(decoded)]
        case PostDelete():
            ids = [decoded.post_id]
        case AuthorDelete():
            ids = [decoded.author_id]
        case Ignored() | Dropped():
            ids = []
    assert all(0 < some_id <= MAX_ID for some_id in ids)
    return type(decoded).__name__


def _optional_ids(post: LightPost) -> list[int]:
    found = (
        post.in_reply_to_post_id,
        post.in_reply_to_user_id,
        post.source_post_id,
        post.source_user_id,
        post.conversation_id,
    )
    return [some_id for some_id in found if some_id is not None]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("count", MESSAGES)
@pytest.mark.parametrize(
    ("decode", "messages"),
    [(decode_raw, RAW), (decode_event, REFINED), (decode_framed, framed(REFINED))],
    ids=["raw", "refined", "framed"],
)
def test_damaged_messages_end_in_an_event_or_in_malformed(
    decode: Callable[[bytes], Decoded], messages: list[bytes], count: int
) -> None:
    outcomes: Counter[str] = Counter()
    payloads = list(mutated(messages, count, seed=1))  # made first: tracing slows down all that allocates
    tracemalloc.start()
    try:
        for payload in payloads:
            outcomes[outcome(decode, payload)] += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < SMALL_PEAK_BYTES
    assert outcomes.total() == count
    assert {"LightPost", "PostDelete", "Ignored", "bad_wire"} <= outcomes.keys()


@pytest.mark.parametrize("payload", [b"\x0c" * 2**20, b"\x00" * 2**20, b"\xff" * 2**20, b"\x0b\x00\x01\x7f" * 2**18])
@pytest.mark.parametrize("decode", [decode_raw, decode_event, decode_framed])
def test_large_junk_is_refused(decode: Callable[[bytes], Decoded], payload: bytes) -> None:
    with pytest.raises(Malformed):
        decode(payload)
