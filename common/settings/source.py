"""Settings of `thunder source` that every source has, and those of live ones; each kind adds its own in its package."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from common.settings.kafka import EntranceTopicSettings
from common.settings.process import ProcessSettings
from common.settings.producer import ProducerSettings
from common.settings.redis import RedisSettings
from common.settings.types import DefaultInWords, Port, Settings, Text

_CONTACT = re.compile(r"https?://[!-'*-~]+|[!-'*-?A-~]+@[!-'*-?A-~]+")


def _fits_a_user_agent(contact: str | None) -> str | None:
    if contact is not None and _CONTACT.fullmatch(contact) is None:
        raise ValueError("should be an e-mail address or a URL, in ASCII without spaces and parentheses")
    return contact


class WrittenTopicSettings(EntranceTopicSettings):
    """Kafka topics"""

    topic: Annotated[
        Text, Field(description="refined topic that the source writes to"), DefaultInWords("as innetwork_post_topic")
    ] = Field(default_factory=lambda given: given["innetwork_post_topic"])


class SourceSettings(ProcessSettings, RedisSettings, ProducerSettings, WrittenTopicSettings):
    """Source"""

    http_port: Annotated[
        Port, Field(description="port of /metrics, /healthz and /readyz; 0 = any free port, named in the log")
    ] = 0
    as_json: Annotated[
        bool, Field(alias="json", description="print one JSON object with the counts when the source ends")
    ] = False


class ContactSettings(Settings):
    """Source"""

    contact: Annotated[
        Text | None,
        Field(
            max_length=200,
            description="e-mail address or URL of the operator, sent to the network in the User-Agent; Wikimedia asks "
            "for one",
        ),
        AfterValidator(_fits_a_user_agent),
    ] = None


class LiveSettings(ContactSettings):
    """Source"""

    from_now: Annotated[
        bool, Field(description="start with events from now on instead of where the previous run stopped")
    ] = False
