from io import StringIO
from typing import get_args, get_type_hints

import pytest
from thriftpy2 import load_fp
from thriftpy2.thrift import TType

from common.resources import read_resource
from ingest.decode import tweet_event
from ingest.decode.thrift_struct import Kind

IDL = load_fp(StringIO(read_resource("proto/thunder/v1/tweet_events.thrift")), "shipped_thrift")

WIRE_TYPES = {
    Kind.BOOL: TType.BOOL,
    Kind.I32: TType.I32,
    Kind.I64: TType.I64,
    Kind.STRING: TType.STRING,
    Kind.STRUCT: TType.STRUCT,
    Kind.UNION: TType.STRUCT,
    Kind.STRUCTS: TType.LIST,
}

STRUCTS = [
    tweet_event.TweetEvent,
    tweet_event.TweetEventData,
    tweet_event.TweetCreateEvent,
    tweet_event.TweetDeleteEvent,
    tweet_event.QuotedTweetDeleteEvent,
    tweet_event.Tweet,
    tweet_event.TweetCoreData,
    tweet_event.Reply,
    tweet_event.Share,
    tweet_event.MediaEntity,
    tweet_event.MediaInfo,
    tweet_event.VideoInfo,
    tweet_event.User,
]


@pytest.mark.parametrize("struct", STRUCTS)
def test_what_is_read_is_what_the_shipped_definition_says(struct: type) -> None:
    defined = {
        (name, field_id, wire_type)
        for field_id, (wire_type, name, *_) in getattr(IDL, struct.__name__).thrift_spec.items()
    }
    hints = get_type_hints(struct, include_extras=True).items()
    declared = [(name, *get_args(hint)) for name, hint in hints]
    read = {(name, field_id, WIRE_TYPES[kind]) for name, _, field_id, kind in declared}
    assert read
    assert read <= defined
