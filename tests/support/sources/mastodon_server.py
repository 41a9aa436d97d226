"""The streaming API of a Mastodon server on loopback."""

import json
from datetime import UTC, datetime

from pydantic import SecretStr

from ingest.sources.connection import ReconnectPolicy
from ingest.sources.mastodon import MastodonSettings
from ingest.sources.mastodon.source import MastodonSource
from tests.support.sources.event_stream_server import CONTACT, EventStreamServer

AT = 1_760_000_000
"""Time of all posts, in Unix seconds."""

TOKEN = "Mast0don-Token-4"


def status(number: int = 0, **fields: object) -> str:
    """A post that was written at AT + number, with some fields replaced."""
    own: dict[str, object] = {
        "id": str(status_id(number)),
        "created_at": f"{datetime.fromtimestamp(AT + number, UTC):%Y-%m-%dT%H:%M:%S}.901Z",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "visibility": "public",
        "uri": "https://social.example/users/ada/statuses/1",
        "content": "<p>hello</p>",
        "reblog": None,
        "account": {"id": "108194863260762493", "acct": "ada", "bot": False},
        "media_attachments": [],
        "tags": [],
    }
    return json.dumps(own | fields)


def status_id(number: int) -> int:
    """The id that Mastodon gives to a post of that time."""
    return (AT + number) * 1000 << 16


class MastodonServer(EventStreamServer):
    """Plays scenes to each connection. There are no positions."""

    welcome = b":)\n"
    heartbeat = b":thump\n"

    @property
    def url(self) -> str:
        return f"{self.server_url}/api/v1/streaming/public"

    @property
    def server_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def source(self, policy: ReconnectPolicy, contact: str = CONTACT, token: str = TOKEN) -> MastodonSource:
        settings = MastodonSettings(server_url=self.server_url, access_token=SecretStr(token), contact=contact)
        return MastodonSource(settings, policy)

    @classmethod
    def event(cls, number: int) -> bytes:
        return cls.message(status(number).encode())

    @staticmethod
    def position(number: int) -> str:
        return ""

    @staticmethod
    def resumed_after(number: int) -> str:
        return ""

    @staticmethod
    def message(content: bytes, kind: bytes = b"update") -> bytes:
        return b"event: %s\ndata: %s\n\n" % (kind, content)
