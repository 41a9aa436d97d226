"""A stream of server-sent events, such as Wikimedia's, over HTTP on loopback."""

import threading
from collections.abc import Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import parse_qs, urlsplit

from ingest.sources.connection import ReconnectPolicy
from ingest.sources.message import Source
from ingest.sources.wikipedia.recent_change import Bots
from ingest.sources.wikipedia.source import WikipediaSource
from tests.support.sources.scenes import NeverAnswers, Refuses, Says, Stage, Then
from tests.support.sources.wikimedia_changes import AT, change, event_id

CONTACT = "https://operator.example"


class EventStreamServer:
    """Plays scenes to each connection. stage.asked holds the Last-Event-ID of each connection."""

    welcome = b":ok\n\n"
    heartbeat = b":\n\n"

    def __init__(self, port: int = 0, stage: Stage | None = None) -> None:
        self.stage = stage or Stage()
        self._server = _Server(port, self.stage, self.welcome, self.heartbeat)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2/stream/recentchange"

    @property
    def requests(self) -> list[Mapping[str, str]]:
        """The headers of each request."""
        return self._server.requests

    @property
    def paths(self) -> list[str]:
        """The path and query of each request."""
        return self._server.paths

    @property
    def agents(self) -> list[str]:
        """The User-Agent of each request."""
        return [headers["User-Agent"] for headers in self.requests]

    def source(self, policy: ReconnectPolicy) -> Source:
        return WikipediaSource(self.url, Bots.INCLUDE, policy, CONTACT)

    def close(self) -> None:
        self.stage.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @classmethod
    def event(cls, number: int) -> bytes:
        """An edit of the second AT + number."""
        data = change({"id": f"event {number}"}, timestamp=AT + number).encode()
        return b"event: message\nid: " + cls.position(number).encode() + b"\n" + cls.message(data)

    @staticmethod
    def position(number: int) -> str:
        """Of that event."""
        return event_id((AT + number) * 1000)

    def asked_to_resume(self) -> list[str]:
        """The Last-Event-ID of each connection, empty for none."""
        return self.stage.asked

    def resumed_at(self, number: int) -> float | None:
        """The time that the connection of that number, from 0, asks to resume from; None for none."""
        since = parse_qs(urlsplit(self.paths[number]).query).get("since")
        return datetime.fromisoformat(since[0]).timestamp() if since else None

    @staticmethod
    def resumed_after(number: int) -> str:
        """The Last-Event-ID that misses nothing after that event."""
        return event_id((AT + number - 5) * 1000)

    @staticmethod
    def message(content: bytes) -> bytes:
        """Something as the data of an event of its own."""
        return b"data: " + content + b"\n\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, port: int, stage: Stage, welcome: bytes, heartbeat: bytes) -> None:
        self.stage = stage
        self.welcome = welcome
        self.heartbeat = heartbeat
        self.requests: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast("_Server", self.server)
        server.requests.append(dict(self.headers))
        server.paths.append(self.path)
        match scene := server.stage.next(self.headers.get("Last-Event-ID", "")):
            case NeverAnswers():
                server.stage.wait_for_the_end()
            case Refuses():
                self._answer(scene.status, {"Content-Length": str(len(scene.body)), **scene.headers})
                self.wfile.write(scene.body)
            case Says():
                self._answer(200, {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"})
                self._say(scene, server)
        self.close_connection = True

    def _answer(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")  # as it is: a client must not send its next request over this one
        self.end_headers()

    def _say(self, scene: Says, server: "_Server") -> None:
        try:
            for message in (server.welcome, *scene.messages):
                self._chunk(message)
            if scene.then is Then.ENDS:
                self._chunk(b"")
            while scene.then is Then.IS_QUIET and not server.stage.closing.wait(0.02):
                self._chunk(server.heartbeat)
        except OSError:
            return
        if scene.then is Then.IS_SILENT:
            server.stage.wait_for_the_end()

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden one
        """Nothing: the test says what it sees."""
