import random

import pytest
from google.protobuf.message import DecodeError

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.native import NATIVE, CommonRequest, NativeCore
from serve.query import Caps
from serve.request import RequestLimits, validate_request
from serve.timeline.read_core import StoreMap
from tests.unit.serve.native.damage import damaged, hundreds_of_seeds
from tests.unit.serve.timeline.read_worlds import KEYS, NOW, OLDEST

pytestmark = pytest.mark.skipif(not NATIVE, reason="the product was installed without a compiler")

LIMITS = RequestLimits(30, 20, 100, 12, Caps(50, 30, 100, 500))
STORE = StoreMap(KEYS, (0,) * KEYS.buckets)


def payload(**fields: object) -> bytes:
    return GetInNetworkPostsRequest(following_user_ids=[3, 2, 3], **fields).SerializeToString()  # type: ignore[arg-type]


def is_common(sent: bytes) -> bool:
    """Whether a request is decoded natively; if it is, then to what protobuf and validate_request make of it."""
    common = CommonRequest.parse(sent, LIMITS)
    if common is None:
        return False
    request = GetInNetworkPostsRequest.FromString(sent)
    query, adjustments = validate_request(request, LIMITS)
    assert not adjustments
    sizes = (len(request.following_user_ids), len(query.following), len(request.exclude_tweet_ids))
    assert (common.followed, common.authors, common.excluding) == sizes
    values = (query.viewer_id, query.max_results, query.video, query.created_after)
    assert (common.viewer_id, common.max_results, common.video, common.created_after) == values
    cores = [NativeCore(each, NOW, OLDEST, 1 << 30) for each in (common, query)]
    assert all(core.next_round() for core in cores)
    assert cores[0].next_part(STORE) == cores[1].next_part(STORE)
    assert cores[0].commands(0, None) == cores[1].commands(0, None)
    return True


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"user_id": 1},
        {"user_id": MAX_ID, "max_results": 100, "is_video_request": True},
        {"exclude_tweet_ids": [1, MAX_ID, 1]},
        {"exclude_tweet_ids": range(1, 13), "max_results": 1},
    ],
)
def test_common_forms_are_decoded(fields: dict[str, object]) -> None:
    assert is_common(payload(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"user_id": MAX_ID + 1},
        {"max_results": 101},
        {"max_results": 2**32 - 1},
        {"exclude_tweet_ids": [0]},
        {"exclude_tweet_ids": [2**64 - 1]},
        {"exclude_tweet_ids": range(1, 14)},
        {"algorithm": "recent"},
        {"debug": True},
        {"per_author_limits": {}},
        {"created_after": 1},
        {"before": {}},
        {"exclude_author_ids": [4]},
        {"exclude_replies": True},
        {"exclude_reposts": True},
    ],
)
def test_other_forms_are_left_to_protobuf(fields: dict[str, object]) -> None:
    assert not is_common(payload(**fields))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x12\x00",
        b"\x12\x01\x00",
        b"\x12\x01\x02\x12\x01\x03",
        b"\x10\x02",
        b"\x12\x01\x02\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        b"\x12\x01\x02\x92\x00",
        b"\x12\x01\x02\x38\x02",
        b"\x12\x02\x02",
        b"\x12\x01\x80",
        b"\x12" + b"\xff" * 9 + b"\x01",
    ],
)
def test_odd_bytes_are_left_to_protobuf(sent: bytes) -> None:
    assert CommonRequest.parse(sent, LIMITS) is None


def test_numbers_of_more_bytes_than_they_need_are_the_same() -> None:
    assert is_common(b"\x12\x04\x82\x80\x00\x05\x18\x8a\x00")


def request(seed: int) -> bytes:
    rng = random.Random(seed)
    ids = [*range(1, 30), MAX_ID, 2**40, 0][: rng.choice((29, 31, 31, 32))]
    asked = GetInNetworkPostsRequest(
        user_id=rng.choice((0, 7, MAX_ID)),
        following_user_ids=rng.choices(ids, k=rng.randrange(15)),
        exclude_tweet_ids=rng.choices(ids, k=rng.choice((0, 0, rng.randrange(15)))),
        max_results=rng.choice((0, 0, 5, 100, 101)),
        is_video_request=rng.random() < 0.2,
        algorithm=rng.choice(("", "", "", "latest")),
    )
    return asked.SerializeToString()


def test_random_requests_are_decoded_as_protobuf_does() -> None:
    assert sum(is_common(request(seed)) for seed in range(500)) > 200


@pytest.mark.parametrize("seeds", list(hundreds_of_seeds()))
def test_damaged_requests_are_decoded_as_protobuf_does_or_not_at_all(seeds: range) -> None:
    common = 0
    for seed in seeds:
        for sent in damaged(request(seed), seed):
            try:
                common += is_common(sent)
            except DecodeError:
                pytest.fail(f"protobuf refuses {sent!r}")
    assert 0 < common < 2000
