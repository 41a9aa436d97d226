"""Public posts of a Mastodon server as a source.

In: server-sent events of the streaming API of one server. Out: ParsedMessages without positions: Mastodon cannot resume
a stream, so what happens while the connection is lost is missed. Ids are those of that server: the same post has
another id on another server. `parse_event` is pure.

Read source: the connection, then what an event means.
"""

import re
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from common.settings.source import ContactSettings, SourceSettings
from common.settings.types import Settings, Text
from ingest.sources.catalogue import SourceKind


def _fits_a_header(token: SecretStr | None) -> SecretStr | None:
    if token is not None and re.fullmatch("[!-~]+", token.get_secret_value()) is None:
        raise ValueError("should be ASCII without spaces")
    return token


class PublicStream(StrEnum):
    """Streams of a server, by the names of Mastodon's API."""

    PUBLIC = "public"
    PUBLIC_LOCAL = "public:local"
    PUBLIC_REMOTE = "public:remote"
    HASHTAG = "hashtag"
    HASHTAG_LOCAL = "hashtag:local"

    @property
    def has_tag(self) -> bool:
        """Whether it is the stream of one hashtag."""
        return self in (PublicStream.HASHTAG, PublicStream.HASHTAG_LOCAL)


class StatusStreamSettings(Settings):
    """Mastodon"""

    environment_prefix: ClassVar[str] = "MASTODON_"

    server_url: Annotated[
        Text, Field(description="URL (https://) of the Mastodon server, or of its streaming host where it has its own")
    ]
    stream: Annotated[
        PublicStream,
        Field(description="posts to read: all that the server receives, those of its own or other users, or of a tag"),
    ] = PublicStream.PUBLIC
    hashtag: Annotated[Text | None, Field(description="hashtag of a hashtag stream, without #")] = None
    access_token: Annotated[
        SecretStr | None,
        Field(description="access token of an application with the scope read:statuses; servers since 4.2 ask for one"),
        AfterValidator(_fits_a_header),
    ] = None

    @model_validator(mode="after")
    def _has_the_tag_of_its_stream(self) -> Self:
        if self.stream.has_tag != (self.hashtag is not None):
            raise ValueError("hashtag goes with the streams hashtag and hashtag:local, which need one")
        return self


class MastodonSettings(SourceSettings, ContactSettings, StatusStreamSettings):
    """thunder source mastodon: public posts, replies, reposts and deletes of a Mastodon server."""


SOURCE = SourceKind(
    summary="public posts of a Mastodon server, live",
    settings=MastodonSettings,
    open="ingest.sources.mastodon.source:open_mastodon",
)
