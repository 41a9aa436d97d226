"""The short way of plain creates ends as the general one does, for every message."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import InNetworkEvent, TweetCreateEvent
from common.post import MAX_CREATED_AT
from ingest.batch import Decoder
from ingest.decode.create_rules import with_create_rules
from ingest.decode.refined_event import decode_event
from ingest.decode.row_decoder import refined_row_decoder
from ingest.events import Dropped, Ignored, Malformed
from ingest.post_row import PostRow, StoreEvent
from tests.unit.ingest.decode.mutations import mutated
from tests.unit.ingest.decode.test_damaged_messages import REFINED

NOW = 1_790_000_000
RETENTION, SKEW = 172_800, 60

decode_fast = refined_row_decoder(RETENTION, SKEW)
decode_generally = with_create_rules(lambda payload, _now: decode_event(payload), RETENTION, SKEW)

ids = st.integers(1, MAX_ID) | st.sampled_from([0, -1, -(2**63)])
times = st.sampled_from([NOW - RETENTION - 1, NOW - RETENTION, NOW, NOW + SKEW, NOW + SKEW + 1, 0, -1, 2**63 - 1])
creates = st.builds(
    TweetCreateEvent,
    post_id=ids,
    author_id=ids,
    created_at=times | st.integers(NOW - RETENTION, NOW),
    in_reply_to_post_id=st.none() | ids,
    in_reply_to_user_id=st.none() | ids,
    is_retweet=st.booleans(),
    is_reply=st.booleans(),
    source_post_id=st.none() | ids,
    source_user_id=st.none() | ids,
    has_video=st.booleans(),
    conversation_id=st.none() | ids,
)


def outcome(
    decode: Decoder[StoreEvent] | Callable[[bytes, int], StoreEvent | Ignored | Dropped], payload: bytes, now: int = NOW
) -> object:
    try:
        return decode(payload, now)
    except Malformed as malformed:
        return malformed.reason, malformed.detail


@given(creates)
def test_creates_become_the_same_rows(create: TweetCreateEvent) -> None:
    payload = InNetworkEvent(tweet_create_event=create).SerializeToString()
    assert outcome(decode_fast, payload) == outcome(decode_generally, payload)


def test_damaged_messages_have_the_same_outcomes() -> None:
    for payload in mutated(REFINED, 5000, seed=3):
        assert outcome(decode_fast, payload) == outcome(decode_generally, payload)


def test_times_that_the_store_cannot_hold_are_dropped() -> None:
    decode = refined_row_decoder(RETENTION, 2**40)
    for created_at, is_stored in ((MAX_CREATED_AT, True), (MAX_CREATED_AT + 1, False)):
        create = TweetCreateEvent(post_id=1, author_id=2, created_at=created_at)
        payload = InNetworkEvent(tweet_create_event=create).SerializeToString()
        assert isinstance(outcome(decode, payload), PostRow) is is_stored
    early = InNetworkEvent(tweet_create_event=TweetCreateEvent(post_id=1, author_id=2, created_at=-1))
    assert isinstance(outcome(decode_fast, early.SerializeToString(), RETENTION - 1), Dropped)
