"""Damages bytes as a fault or an attacker would: a function of a seed."""

import random
from collections.abc import Iterator

import pytest

_ODD = (b"\xff" * 9, bytes(9), b"\r\n", b"$-1\r\n", b"*-1\r\n", b"-E\r\n")
_NUMBERS = (b"-1", b"-2", b"0", b"1", b"15", b"117", b"118", b"65536", b"2147483648", b"9223372036854775808", b"9" * 30)

VARIANTS = 100


def hundreds_of_seeds() -> Iterator[object]:
    """Ranges of seeds for a test that makes VARIANTS of each: 2,000 in all by default, 20,000 with --everything."""
    for first in range(0, 200, 20):
        yield pytest.param(range(first, first + 20), marks=[pytest.mark.everything] if first else [], id=str(first))


def damaged(sound: bytes, seed: int) -> Iterator[bytes]:
    """Yield variants of the bytes, each with one to three faults."""
    rng = random.Random(seed)
    for _ in range(VARIANTS):
        variant = sound
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            variant = _with_fault(variant, rng)
        yield variant


def _with_fault(sound: bytes, rng: random.Random) -> bytes:
    at, end = sorted((rng.randrange(len(sound) + 1), rng.randrange(len(sound) + 1)))
    end = min(end, at + rng.choice((1, 2, 9, 40, 4000)))
    head, cut, tail = sound[:at], sound[at:end], sound[end:]
    flipped = bytes(byte ^ 1 << rng.randrange(8) for byte in cut[:1]) + cut[1:]
    return rng.choice(
        (
            head,
            head + tail,
            head + cut + cut + tail,
            head + rng.randbytes(rng.choice((1, 2, 9))) + cut + tail,
            head + rng.choice(_ODD) + tail,
            head + flipped + tail,
            _with_number(sound, rng),
        )
    )


def _with_number(sound: bytes, rng: random.Random) -> bytes:
    """Replace what an announcement of a length says."""
    starts = [at for at, byte in enumerate(sound[:20_000]) if byte in b"$*"]
    if not starts:
        return sound
    at = rng.choice(starts) + 1
    end = sound.find(b"\r", at)
    return sound[:at] + rng.choice(_NUMBERS) + sound[max(at, end) :]
