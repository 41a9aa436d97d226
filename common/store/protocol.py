"""The Redis serialization protocol, the sending half: replies are parsed by hiredis."""

from collections.abc import Iterable, Sequence


def pack(parts: Sequence[bytes]) -> bytes:
    """One command as bytes, ready to be sent alone or in a pipeline."""
    return b"*%d\r\n%b" % (len(parts), b"".join(_bulks(parts)))


def _bulks(parts: Iterable[bytes]) -> Iterable[bytes]:
    return [b"$%d\r\n%b\r\n" % (len(part), part) for part in parts]
