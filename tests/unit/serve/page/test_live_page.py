import pytest

from common.telemetry.http_routes import BadQuery
from serve.page.live_page import TimelineQuery, read_timeline_query


def test_viewer_and_videos_are_read() -> None:
    assert read_timeline_query({}) == TimelineQuery(None, videos=False)
    assert read_timeline_query({"viewer": "12", "videos": "1"}) == TimelineQuery(12, videos=True)
    assert read_timeline_query({"viewer": str(2**63 - 1), "videos": "0"}) == TimelineQuery(2**63 - 1, videos=False)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"viewer": "0"}, "viewer is a number from 1 to 9223372036854775807"),
        ({"viewer": "-1"}, "viewer is a number"),
        ({"viewer": ""}, "viewer is a number"),
        ({"viewer": "²"}, "viewer is a number"),
        ({"viewer": str(2**63)}, "viewer is a number"),
        ({"viewer": "9" * 5000}, "viewer is a number"),
        ({"viewer": "1", "videos": "yes"}, "videos is 0 or 1"),
        ({"user": "1"}, "no such parameter: 'user'; there is viewer and videos"),
    ],
)
def test_other_parameters_are_rejected_with_the_reason(parameters: dict[str, str], complaint: str) -> None:
    with pytest.raises(BadQuery, match=complaint):
        read_timeline_query(parameters)
