import random

import hiredis
import pytest

from serve.native import NATIVE, ReplyScanner
from serve.timeline.read_core import DamagedReply

pytestmark = pytest.mark.skipif(not NATIVE, reason="the product was installed without a compiler")

REPLIES = [
    b"+OK\r\n",
    b"-ERR no such key\r\n",
    b":-12\r\n",
    b"$-1\r\n",
    b"$0\r\n\r\n",
    b"$4\r\n\r\n\r\n\r\n",
    b"$3\r\n*1\r\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*2\r\n$1\r\na\r\n:1\r\n",
    b"*3\r\n*2\r\n+a\r\n*0\r\n$-1\r\n*1\r\n*1\r\n$1\r\nb\r\n",
    b"$70000\r\n" + bytes(70_000) + b"\r\n",
]


@pytest.mark.parametrize("seed", range(100))
def test_replies_in_pieces_are_found(seed: int) -> None:
    rng = random.Random(seed)
    sent = rng.choices(REPLIES, k=rng.randrange(1, 30))
    stream, scanner, taken, due = b"".join(sent), ReplyScanner(), b"", rng.randrange(1, 4)
    while stream or due <= len(sent):
        size = rng.choice((1, 3, 100, 100_000))
        scanner.feed(stream[:size])
        stream = stream[size:]
        while due <= len(sent) and (replies := scanner.take(due)) is not None:
            assert replies == b"".join(sent[:due])
            sent, taken = sent[due:], taken + replies
            due = rng.randrange(1, 4)
        if not stream:
            break
    assert len(sent) < due
    assert scanner.take(len(sent)) == b"".join(sent)


def test_bytes_that_are_just_the_replies_are_not_copied() -> None:
    scanner, received = ReplyScanner(), b"$1\r\na\r\n" * 50
    scanner.feed(received)
    assert scanner.take(50) is received


@pytest.mark.parametrize(
    "stream",
    [
        b"hello\r\n",
        b"\r\n",
        b"$\r\n",
        b"$1x\r\n",
        b"$-2\r\n",
        b"*99999999999\r\n",
        b"$1\r\nab\r\n",
        b"$536870913\r\n",
        b"*2\r\n*536870912\r\n",
        b"+" + b"a" * 70_000,
        b"+a\n",
    ],
)
def test_what_is_no_reply_is_an_error(stream: bytes) -> None:
    scanner = ReplyScanner()
    scanner.feed(stream)
    with pytest.raises(DamagedReply):
        scanner.take(2)


@pytest.mark.parametrize("reply", REPLIES)
def test_it_finds_the_ends_that_hiredis_finds(reply: bytes) -> None:
    for size in range(len(reply) if len(reply) < 100 else 1):
        scanner, reader = ReplyScanner(), hiredis.Reader()
        scanner.feed(reply[:size])
        reader.feed(reply[:size])
        assert (scanner.take(1) is None) == (reader.gets() is False)
