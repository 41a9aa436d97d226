"""Message formats of the roles: unframe, open envelopes, decode, and for the store apply create_rules."""

from functools import partial

from common.native import Language
from common.settings.ingest import EventsSource, IngestSettings, TransformSettings
from common.settings.kafka import Framing
from ingest.batch import Decoder, MessageFormat, Opener
from ingest.decode.create_rules import with_create_rules
from ingest.decode.follow_event import decode_follow
from ingest.decode.framing import open_envelope, unframe
from ingest.decode.row_decoder import natively_first, refined_row_decoder
from ingest.decode.tweet_transform import RawDecoder
from ingest.events import Dropped, DropReason, Event, Follow
from ingest.native import DECODER, NativeDecoder
from ingest.post_row import StoreEvent


def transform_format(settings: TransformSettings) -> MessageFormat[Event]:
    """Format of the raw topic for the transformer."""
    return MessageFormat(raw_opener(settings.framing), _raw(settings))


def ingest_format(settings: IngestSettings, decoder: Language = DECODER) -> MessageFormat[StoreEvent]:
    """Format of the topic that fills the store, refined or raw."""
    limits = settings.post_retention_seconds, settings.clock_skew_seconds
    is_raw = settings.events is EventsSource.RAW
    opener = (raw_opener if is_raw else refined_opener)(settings.framing)
    decode = with_create_rules(_raw(settings), *limits) if is_raw else refined_row_decoder(*limits)
    if decoder is Language.NATIVE:
        native = NativeDecoder(*limits)
        decode = natively_first(native.raw if is_raw else native.refined, decode)
    return MessageFormat(opener, decode)


def follow_format(settings: IngestSettings) -> MessageFormat[Follow]:
    """Format of the topic of follows."""
    return MessageFormat(refined_opener(settings.framing), partial(_follow, skew=settings.clock_skew_seconds))


def raw_opener(framing: Framing) -> Opener:
    """Opener of messages that are one event in Thrift."""
    if framing is Framing.NONE:
        return single
    unframed = partial(unframe, framing=framing, message_indexes=False)
    return lambda payload: single(unframed(payload))


def refined_opener(framing: Framing) -> Opener:
    """Opener of messages that are one event or an envelope in protobuf."""
    if framing is Framing.NONE:
        return open_envelope
    unframed = partial(unframe, framing=framing, message_indexes=True)
    return lambda payload: open_envelope(unframed(payload))


def single(payload: bytes) -> tuple[bytes]:
    """Opener of messages that are one event."""
    return (payload,)


def _raw(settings: TransformSettings | IngestSettings) -> Decoder[Event]:
    return RawDecoder(settings.post_retention_seconds, settings.delete_quoting_posts)


def _follow(payload: bytes, now: int, skew: int) -> Follow | Dropped:
    """A follow from the future is dropped, as a post is: it would outlast removals. skew in seconds."""
    follow = decode_follow(payload)
    return follow if follow.at <= now + skew else Dropped(DropReason.FUTURE)
