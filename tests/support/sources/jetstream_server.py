"""A Jetstream on a WebSocket of loopback."""

import json
import socket
import threading
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from ingest.sources.bluesky.source import BlueskySource
from ingest.sources.connection import ReconnectPolicy
from tests.support.sources.jetstream_lines import ALICE, AT, POST
from tests.support.sources.scenes import NeverAnswers, Refuses, Says, Scene, Stage, Then


class JetstreamServer:
    """Plays scenes to each connection. stage.asked holds the query of each connection."""

    def __init__(self, port: int = 0, stage: Stage | None = None) -> None:
        self.stage = stage or Stage()
        self._scenes: dict[int, Scene] = {}
        self.agents: list[str] = []
        self._server = serve(self._play, "127.0.0.1", port, process_request=self._answer, compression=None)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/subscribe"

    def source(self, policy: ReconnectPolicy) -> BlueskySource:
        return BlueskySource(self.url, policy)

    def close(self) -> None:
        self.stage.closing.set()
        self._server.shutdown()
        self._thread.join()

    @staticmethod
    def event(number: int) -> bytes:
        """A post of the second AT + number."""
        commit = {
            "operation": "create",
            "collection": POST,
            "rkey": f"3post{number}",
            "record": {"createdAt": "2025-10-09T08:53:10Z"},
        }
        at = (AT + number) * 1_000_000
        return json.dumps({"did": ALICE, "time_us": at, "kind": "commit", "commit": commit}).encode()

    @staticmethod
    def position(number: int) -> str:
        """Of that event."""
        return str((AT + number) * 1_000_000)

    def asked_to_resume(self) -> list[str]:
        """The cursor of each connection, empty for none."""
        return [parse_qs(query).get("cursor", [""])[0] for query in self.stage.asked]

    def resumed_at(self, number: int) -> float | None:
        """The time that the connection of that number, from 0, asks to resume from; None for none."""
        cursor = self.asked_to_resume()[number]
        return int(cursor) / 1e6 if cursor else None

    @staticmethod
    def resumed_after(number: int) -> str:
        """The cursor that misses nothing after that event."""
        return str((AT + number - 5) * 1_000_000)

    @staticmethod
    def message(content: bytes) -> bytes:
        """Something that is no event, in a message of its own."""
        return content

    def _wait_for_either_end(self, connection: ServerConnection) -> None:
        while not self.stage.closing.is_set() and not connection.wait_closed(0.02):
            pass

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.agents.append(request.headers["User-Agent"])
        scene = self._scenes[id(connection)] = self.stage.next(urlsplit(request.path).query)
        match scene:
            case NeverAnswers():
                self.stage.wait_for_the_end()
                return None
            case Refuses():
                headers = Headers({"Content-Length": str(len(scene.body)), **scene.headers})
                return Response(scene.status, HTTPStatus(scene.status).phrase, headers, scene.body)
            case Says():
                return None

    def _play(self, connection: ServerConnection) -> None:
        scene = self._scenes.pop(id(connection))
        assert isinstance(scene, Says | NeverAnswers)
        if isinstance(scene, NeverAnswers):
            return
        try:
            for message in scene.messages:
                connection.send(message, text=not scene.is_binary)
        except ConnectionClosed:
            return
        if scene.then is Then.IS_SILENT:
            with connection.protocol_mutex:  # so that nothing is read, and no ping answered
                self.stage.wait_for_the_end()
        if scene.then is Then.IS_QUIET:
            self._wait_for_either_end(connection)
        if scene.then is Then.VANISHES:
            connection.socket.shutdown(socket.SHUT_RDWR)
