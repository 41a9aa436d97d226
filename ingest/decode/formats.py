"""How each role reads its topic: unframed, opened, decoded and, for the store, accepted or dropped."""

from functools import partial

from common.post import LightPost
from common.settings.ingest import EventsSource, IngestSettings, TransformSettings
from common.settings.kafka import Framing
from ingest.batch import Decoder, Format, Opener
from ingest.decode.create_rules import drop_reason, normalised
from ingest.decode.envelope import unseal
from ingest.decode.follow_event import decode_follow
from ingest.decode.framing import unframe
from ingest.decode.refined_event import decode_event
from ingest.decode.tweet_transform import RawDecoder
from ingest.events import Decoded, Dropped, DropReason, Event, Follow


def transform_format(settings: TransformSettings) -> Format[Event]:
    """Raw events, as the refined topic takes them."""
    return Format(raw_opener(settings.framing), _raw(settings))


def ingest_format(settings: IngestSettings) -> Format[Event]:
    """Events of the topic that fills the store, as the store takes them."""
    if settings.events is EventsSource.RAW:
        opener, decode = raw_opener(settings.framing), _raw(settings)
    else:
        opener, decode = refined_opener(settings.framing), _refined
    return Format(opener, accepted(decode, settings.post_retention_seconds, settings.clock_skew_seconds))


def follow_format(settings: IngestSettings) -> Format[Follow]:
    """Follows, as the store takes them."""
    return Format(refined_opener(settings.framing), partial(_follow, skew=settings.clock_skew_seconds))


def raw_opener(framing: Framing) -> Opener:
    """For messages of one event of Thrift in a frame; see unframe."""
    if framing is Framing.NONE:
        return single
    unframed = partial(unframe, framing=framing, message_indexes=False)
    return lambda payload: single(unframed(payload))


def refined_opener(framing: Framing) -> Opener:
    """For messages of one event or many in a frame; see unframe."""
    if framing is Framing.NONE:
        return unseal
    unframed = partial(unframe, framing=framing, message_indexes=True)
    return lambda payload: unseal(unframed(payload))


def single(payload: bytes) -> tuple[bytes]:
    """The opener of messages of one event."""
    return (payload,)


def accepted(decode: Decoder[Event], retention: int, skew: int) -> Decoder[Event]:
    """The decoder whose creates are normalised, and dropped when the store would refuse them. Both in seconds."""

    def decode_and_accept(payload: bytes, now: int) -> Decoded:
        decoded = decode(payload, now)
        if not isinstance(decoded, LightPost):
            return decoded
        reason = drop_reason(decoded, now, retention, skew)
        return normalised(decoded) if reason is None else Dropped(reason)

    return decode_and_accept


def _raw(settings: TransformSettings | IngestSettings) -> Decoder[Event]:
    return RawDecoder(settings.post_retention_seconds, settings.delete_quoting_posts)


def _follow(payload: bytes, now: int, skew: int) -> Follow | Dropped:
    """A time to come is refused, as a post's: it would outlast removals. skew in seconds."""
    follow = decode_follow(payload)
    return follow if follow.at <= now + skew else Dropped(DropReason.FUTURE)


def _refined(payload: bytes, _now: int) -> Decoded:
    return decode_event(payload)
