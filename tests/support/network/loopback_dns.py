"""A name server on the loopback interface, for clients that find their servers by name."""

import socket
import threading
from collections.abc import Sequence
from typing import Self

_THE_END = b""
_LONGEST_QUERY_BYTES = 512
_HEADER_BYTES = 12
_ADDRESS_RECORD = b"\x00\x01"
_ANSWERED_WITHOUT_ERROR = b"\x81\x80"
_SAME_NAME_TTL_0 = b"\xc0\x0c" + _ADDRESS_RECORD + b"\x00\x01" + bytes(4)


class LoopbackDns:
    """Answers with `addresses` (IPv4), which may change, for any name; used with `with`.

    asked: set by the first question.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = addresses
        self.asked = threading.Event()
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._answer_all, daemon=True)

    def target(self, port: int) -> str:
        """Target of a gRPC client that asks this name server: dns://THIS SERVER/NAME:PORT."""
        return f"dns://127.0.0.1:{self._socket.getsockname()[1]}/thunder.test:{port}"

    def hold(self) -> None:
        """Let clients wait for their answers until let_go()."""
        self._may_answer.clear()

    def let_go(self) -> None:
        """Answer, now and from now on."""
        self._may_answer.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._socket.sendto(_THE_END, self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    def _answer_all(self) -> None:
        while True:
            query, client = self._socket.recvfrom(_LONGEST_QUERY_BYTES)
            if query == _THE_END:
                return
            self.asked.set()
            self._may_answer.wait()
            self._socket.sendto(answer(query, self.addresses), client)


def answer(query: bytes, addresses: Sequence[str]) -> bytes:
    """The reply to a query of one question: all addresses when it asks for IPv4 addresses, else nothing."""
    end_of_name = query.index(0, _HEADER_BYTES) + 1
    asks_for, question = query[end_of_name : end_of_name + 2], query[_HEADER_BYTES : end_of_name + 4]
    records = [_SAME_NAME_TTL_0 + b"\x00\x04" + socket.inet_aton(address) for address in addresses]
    if asks_for != _ADDRESS_RECORD:
        records = []
    counts = b"\x00\x01" + len(records).to_bytes(2, "big") + bytes(4)
    return query[:2] + _ANSWERED_WITHOUT_ERROR + counts + question + b"".join(records)
