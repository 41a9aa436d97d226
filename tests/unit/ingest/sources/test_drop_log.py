import pytest

from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.runner import DropLog


def test_one_line_a_second_says_how_many_were_not_told(caplog: pytest.LogCaptureFixture) -> None:
    log, bad = DropLog("bluesky"), ParsedMessage(Disposition.DROPPED, "bad_did", detail="did is not a DID")
    for now in (1.0, 1.1, 1.2, 2.5):
        log.dropped(bad, now)

    line = "bluesky: a message is dropped, bad_did: did is not a DID"
    assert caplog.messages == [line, f"{line} (and 2 more since the last such line)"]
