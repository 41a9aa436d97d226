import hashlib

from ingest.batch import Message, Reject
from ingest.dead_letters.writer import dead_letter
from ingest.events import MalformedReason


def reject(payload: bytes) -> Reject:
    return Reject(Message(3, 14, payload), MalformedReason.BAD_WIRE, "bad_wire: no event")


def test_a_dead_letter_says_where_it_came_from_and_what_is_wrong_with_it() -> None:
    letter = dead_letter("posts", reject(b"junk"))
    assert letter.value == b"junk"
    assert letter.headers == {
        "topic": "posts",
        "partition": "3",
        "offset": "14",
        "reason": "bad_wire",
        "detail": "bad_wire: no event",
        "size": "4",
        "sha256": hashlib.sha256(b"junk").hexdigest(),
    }


def test_at_most_64_kb_of_the_payload_are_kept_with_size_and_hash_of_the_whole() -> None:
    payload = bytes(range(256)) * 4000
    letter = dead_letter("posts", reject(payload))
    assert letter.value == payload[:64_000]
    assert letter.headers["size"] == "1024000"
    assert letter.headers["sha256"] == hashlib.sha256(payload).hexdigest()
