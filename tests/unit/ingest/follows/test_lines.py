import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.events import Follow
from ingest.follows.lines import parse_follow
from ingest.sources.message import Disposition, ParsedMessage

NOW = 1_790_000_000


def parse(line: bytes) -> ParsedMessage:
    return parse_follow(line, NOW, skew=60)


@pytest.mark.parametrize(
    ("line", "follow"),
    [
        (b"17,20\n", Follow(17, 20, 0, NOW)),
        (b" 17 , 9223372036854775807 , 1789999999\r\n", Follow(17, 2**63 - 1, 0, 1_789_999_999)),
        (b"17,20,1790000060", Follow(17, 20, 0, NOW + 60)),
        (b'{"viewerId": "17", "targetId": 20, "followId": 300, "at": 5}', Follow(17, 20, 300, 5)),
        (b'{"viewer_id": 17, "follow_id": 300, "at": 5, "removed": true}', Follow(17, 0, 300, 5, removed=True)),
    ],
)
def test_a_line_is_two_or_three_numbers_or_a_follow_event(line: bytes, follow: Follow) -> None:
    assert parse(line).event == follow


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"viewer,target", "not_a_follow"),
        (b"17", "not_a_follow"),
        (b"17,20,5,6", "not_a_follow"),
        (b"17,-20", "not_a_follow"),
        (b"17,99999999999999999999", "not_a_follow"),
        ("17,٢٠".encode(), "not_a_follow"),
        (b"17,9999999999999999999", "bad_id"),
        (b"0,20", "bad_id"),
        (b"17,20,0", "bad_time"),
        (b"17,20,1790000061", "future"),
        (b'{"viewer_id": 17, "target_id": 20, "at": 1790000061000}', "future"),
        (b'{"viewer_id": 17, "target_id": -1, "at": 5}', "bad_id"),
        (b'{"viewer_id": 17, "target_id": 20}', "bad_time"),
        (b'{"tweet_delete_event": {"post_id": 5}}', "not_a_follow"),
        (b'{"viewer_id": ', "not_json"),
    ],
)
def test_a_bad_line_is_dropped_with_its_reason(line: bytes, reason: str) -> None:
    parsed = parse(line)
    assert (parsed.disposition, parsed.label, parsed.event) == (Disposition.DROPPED, reason, None)
    assert parsed.detail
    assert reason not in parsed.detail  # it is the label


@given(st.binary() | st.text('0123456789,-. {}":').map(str.encode))
def test_no_line_raises(line: bytes) -> None:
    assert parse(line).disposition in (Disposition.SENT, Disposition.DROPPED)
