"""Ids of things that have none: DIDs, at-URIs, wiki user names."""

from hashlib import sha256


def id_of_string(canonical: str) -> int:
    """The top 63 bits of SHA-256 over the canonical string in UTF-8, 0 becoming 1: always a valid id.

    Among a hundred million strings the chance that any two share an id is 0.05 %. Raises UnicodeEncodeError for a
    string with a lone surrogate.
    """
    return int.from_bytes(sha256(canonical.encode()).digest()[:8], "big") >> 1 or 1
