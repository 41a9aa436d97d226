from hypothesis import given
from hypothesis import strategies as st

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import LightPost as LightPostMessage
from common.post import MAX_CREATED_AT, LightPost
from common.store.member import created_at, decode_id, encode_id, encode_member, encode_time, post_id

IDS = st.integers(1, MAX_ID)
MAYBE_ID = st.none() | IDS
LIGHT_POSTS = st.builds(
    LightPost,
    IDS,
    IDS,
    st.integers(0, MAX_CREATED_AT),
    MAYBE_ID,
    MAYBE_ID,
    st.booleans(),
    st.booleans(),
    MAYBE_ID,
    MAYBE_ID,
    st.booleans(),
    MAYBE_ID,
)


@given(LIGHT_POSTS)
def test_reversed_it_is_the_post_without_its_author(post: LightPost) -> None:
    message = LightPostMessage.FromString(encode_member(post)[::-1])
    message.author_id = post.author_id
    assert message == LightPostMessage(**post._asdict())


@given(LIGHT_POSTS, LIGHT_POSTS)
def test_members_sort_by_time_then_id(one: LightPost, other: LightPost) -> None:
    if (one.created_at, one.post_id) != (other.created_at, other.post_id):
        is_newer = (one.created_at, one.post_id) > (other.created_at, other.post_id)
        assert (encode_member(one) > encode_member(other)) == is_newer


@given(LIGHT_POSTS)
def test_time_and_id_can_be_read_back(post: LightPost) -> None:
    member = encode_member(post)
    assert (created_at(member), post_id(member)) == (post.created_at, post.post_id)


@given(st.integers(0, MAX_ID))
def test_ids_round_trip(id_: int) -> None:
    assert len(encode_id(id_)) == 9
    assert decode_id(encode_id(id_)) == id_


def test_the_bytes_are_pinned() -> None:
    # Another encoding would need another version: stores outlive releases.
    original = encode_member(LightPost(post_id=130, author_id=9, created_at=300, conversation_id=130))
    assert original.hex(" ") == ("00 80 80 82 ac 18 00 80 80 80 80 80 80 81 82 08 00 80 80 80 80 80 80 81 82 58")
    reply = encode_member(LightPost(1, 9, 1, in_reply_to_post_id=2, in_reply_to_user_id=3, is_reply=True))
    assert reply.hex(" ") == (
        "00 80 80 80 81 18 00 80 80 80 80 80 80 80 81 08 00 80 80 80 80 80 80 80 83 28 "
        "00 80 80 80 80 80 80 80 82 20 01 38"
    )
    assert encode_time(300).hex(" ") == "00 80 80 82 ac"
