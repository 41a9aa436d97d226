"""What each role makes of a payload: unframed, decoded and, for the store, accepted or dropped."""

from common.kafka.settings import Framing
from common.post import LightPost
from common.settings import EventsSource, IngestSettings, TransformSettings
from ingest.acceptance import normalise, refusal
from ingest.batch import Decoder
from ingest.events import Decoded, Dropped
from ingest.framing import unframe
from ingest.refined import decode_event
from ingest.transform import RawDecoder


def transform_decoder(settings: TransformSettings) -> Decoder:
    """Raw events, as the refined topic takes them."""
    return unframed(_raw(settings), settings.framing, message_indexes=False)


def ingest_decoder(settings: IngestSettings) -> Decoder:
    """Events of the topic that fills the store, as the store takes them."""
    raw = settings.events is EventsSource.RAW
    decode = unframed(_raw(settings) if raw else _refined, settings.framing, message_indexes=not raw)
    return accepted(decode, settings.post_retention_seconds, settings.clock_skew_seconds)


def unframed(decode: Decoder, framing: Framing, *, message_indexes: bool) -> Decoder:
    """The decoder for payloads that stand in a frame; see unframe."""
    if framing is Framing.NONE:
        return decode
    return lambda payload, now: decode(unframe(payload, framing, message_indexes=message_indexes), now)


def accepted(decode: Decoder, retention: int, skew: int) -> Decoder:
    """The decoder whose creates are normalised, and dropped when the store would refuse them. Both in seconds."""

    def decode_and_accept(payload: bytes, now: int) -> Decoded:
        decoded = decode(payload, now)
        if not isinstance(decoded, LightPost):
            return decoded
        reason = refusal(decoded, now, retention, skew)
        return normalise(decoded) if reason is None else Dropped(reason)

    return decode_and_accept


def _raw(settings: TransformSettings | IngestSettings) -> Decoder:
    return RawDecoder(settings.post_retention_seconds, settings.delete_quoting_posts)


def _refined(payload: bytes, _now: int) -> Decoded:
    return decode_event(payload)
