"""Loads a running server: callers who wait for each answer, and calls at a rate that does not wait for answers."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import grpc

from thunder_client.connection import METHOD

Ask = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]

OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
TIMEOUT_SECONDS = 2.0
_PATIENT_SECONDS = 120.0
REFUSED_SECONDS = 0.1
"""Wait of a terms in a closed loop after a refusal: about what servers ask for."""

_PARTIAL = b"\x10\x01"  # the last field of an answer


class Load(NamedTuple):
    """Outcome of a load. Rates are per second; goodput: complete answers within the deadline.

    Latencies are of complete answers; in an open loop they count from the intended start of a call, so that calls that
    the client could not send in time count in full. answer_bytes: mean size of a complete answer.
    """

    sent: int
    offered: float
    goodput: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    answer_bytes: float
    ends: Counter[str]  # of the calls without a complete answer: refused (with pushback), partial, or a status


class Target(NamedTuple):
    """Address of a server, and how to reach it. Without ca the connection is not encrypted."""

    address: str
    method: str = METHOD
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def channel(self) -> grpc.aio.Channel:
        """Connection of its own. OSError when a file cannot be read."""
        if self.ca is None:
            return grpc.aio.insecure_channel(self.address, OWN_CONNECTION)
        ca, key, certificate = (path.read_bytes() if path else None for path in (self.ca, self.key, self.certificate))
        credentials = grpc.ssl_channel_credentials(ca, key, certificate)
        return grpc.aio.secure_channel(self.address, credentials, OWN_CONNECTION)


class CallTerms(NamedTuple):
    """Terms of a call: a deadline in seconds, and a bearer token if the server asks for one."""

    timeout: float = TIMEOUT_SECONDS
    token: str | None = None


DEFAULT_TERMS = CallTerms()


@asynccontextmanager
async def connections(server: str | Target, number: int) -> AsyncGenerator[list[Ask]]:
    """The rpc over this number of connections, each of its own."""
    target = Target(server) if isinstance(server, str) else server
    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(target.channel()) for _ in range(number)]
        for channel in channels:
            await channel.channel_ready()
        yield [channel.unary_unary(target.method) for channel in channels]


async def open_loop(
    asks: Sequence[Ask],
    requests: Sequence[bytes],
    rate: float,
    seconds: float,
    terms: CallTerms = DEFAULT_TERMS,
    progress: Callable[[float], object] = lambda _: None,
) -> Load:
    """Send requests at random times, rate per second on average, whether or not earlier ones were answered.

    progress is called with the seconds since the beginning, often.
    """
    loop, tally, calls = asyncio.get_running_loop(), _Tally(terms), list[asyncio.Task[bool]]()
    rng = random.Random(1)
    began = due = loop.time()
    while due < began + seconds:
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        number = len(calls)
        call = tally.ask(asks[number % len(asks)], requests[number % len(requests)], due)
        calls.append(asyncio.create_task(call))
        due += rng.expovariate(rate)
        progress(loop.time() - began)
    took = max(seconds, loop.time() - began)
    await asyncio.gather(*calls)
    return tally.load(len(calls), took)


async def closed_loop(asks: Sequence[Ask], requests: Sequence[bytes], callers: int, seconds: float) -> Load:
    """Let callers ask again and again, each when it has its answer or was refused, spread over the connections."""
    loop, tally = asyncio.get_running_loop(), _Tally(CallTerms(timeout=_PATIENT_SECONDS))
    began, sent = loop.time(), 0

    async def keep_asking(ask: Ask) -> None:
        nonlocal sent
        while loop.time() < began + seconds:
            sent += 1
            if await tally.ask(ask, requests[sent % len(requests)], loop.time()):
                await asyncio.sleep(REFUSED_SECONDS)

    await asyncio.gather(*(keep_asking(asks[number % len(asks)]) for number in range(callers)))
    return tally.load(sent, loop.time() - began)


class _Tally:
    def __init__(self, terms: CallTerms) -> None:
        self._metadata = None if terms.token is None else (("authorization", f"Bearer {terms.token}"),)
        self._timeout = terms.timeout
        self._latencies: list[float] = []
        self._bytes = 0
        self._ends: Counter[str] = Counter()

    async def ask(self, ask: Ask, request: bytes, due: float) -> bool:
        """Make the call that was due at this time of the loop; return whether it was refused."""
        try:
            answer = await ask(request, timeout=self._timeout, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            pushback = "grpc-retry-pushback-ms" in dict(error.trailing_metadata() or ())
            self._ends["refused" if pushback else error.code().name] += 1
            return pushback
        if answer.endswith(_PARTIAL):
            self._ends["partial"] += 1
        else:
            self._latencies.append((asyncio.get_running_loop().time() - due) * 1000)
            self._bytes += len(answer)
        return False

    def load(self, sent: int, seconds: float) -> Load:
        answered = len(self._latencies)
        cuts = quantiles([*self._latencies, *self._latencies], n=1000) if self._latencies else [0.0] * 999
        size = self._bytes / max(1, answered)
        return Load(sent, sent / seconds, answered / seconds, cuts[499], cuts[989], cuts[998], size, self._ends)
