"""Ids of posts and people: int64 above 0. Things that have no number (DIDs, at-URIs, wiki user names) get one here."""

from hashlib import sha256

MAX_ID = 2**63 - 1
"""Largest id."""

IDS_PER_LIST = 10_000
"""Ids that are used of a list in a request, and follows that are kept of a viewer."""

_MAX_DIGITS = len(str(MAX_ID))


def id_of_string(canonical: str) -> int:
    """The top 63 bits of SHA-256 over the canonical string in UTF-8, 0 becoming 1: always a valid id.

    Among a hundred million strings the chance that any two share an id is 0.05 %. Raises UnicodeEncodeError for a
    string with a lone surrogate.
    """
    return int.from_bytes(sha256(canonical.encode()).digest()[:8], "big") >> 1 or 1


def is_id(value: int) -> bool:
    """Whether the number is an id: above 0 and at most MAX_ID. Any other is no event and no author."""
    return 0 < value <= MAX_ID


def parse_id(text: str) -> int | None:
    """The id that is written in decimal ASCII digits; None when the text is not one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    value = int(text)
    return value if is_id(value) else None
