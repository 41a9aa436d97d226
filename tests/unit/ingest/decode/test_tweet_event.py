from io import StringIO
from itertools import chain
from typing import TypedDict, get_args, get_type_hints, is_typeddict

import pytest
from thriftpy2 import load_fp
from thriftpy2.thrift import TType

from ingest.decode.thrift_struct import decoder
from ingest.decode.tweet_event import IDL, TweetEvent
from tests.support.thrift.thrift_bytes import I64, field, fields, i64

BOOL, I32, LONG, STRING, STRUCT, LIST = TType.BOOL, TType.I32, TType.I64, TType.STRING, TType.STRUCT, TType.LIST

WIRE_CONTRACT = {
    "TweetEvent": {"data": (1, STRUCT)},
    "TweetEventData": {
        "tweet_create_event": (1, STRUCT),
        "tweet_delete_event": (2, STRUCT),
        "additional_field_update": (3, STRUCT),
        "additional_field_delete": (4, STRUCT),
        "tweet_undelete": (5, STRUCT),
        "tweet_scrub_geo": (6, STRUCT),
        "tweet_takedown": (7, STRUCT),
        "user_scrub_geo": (8, STRUCT),
        "tweet_possibly_sensitive_update": (9, STRUCT),
        "quoted_tweet_delete_event": (10, STRUCT),
        "quoted_tweet_takedown": (11, STRUCT),
    },
    "TweetCreateEvent": {"tweet": (1, STRUCT), "user": (2, STRUCT)},
    "TweetDeleteEvent": {"tweet": (1, STRUCT)},
    "QuotedTweetDeleteEvent": {"quoting_tweet_id": (1, LONG)},
    "Tweet": {"id": (1, LONG), "core_data": (2, STRUCT), "media": (7, LIST)},
    "TweetCoreData": {
        "text": (2, STRING),
        "created_via": (3, STRING),
        "created_at_secs": (4, LONG),
        "reply": (5, STRUCT),
        "share": (7, STRUCT),
        "nullcast": (11, BOOL),
        "conversation_id": (14, LONG),
    },
    "Reply": {
        "in_reply_to_status_id": (1, LONG),
        "in_reply_to_user_id": (2, LONG),
        "in_reply_to_screen_name": (3, STRING),
    },
    "Share": {"source_status_id": (1, LONG), "source_user_id": (2, LONG)},
    "MediaEntity": {"media_info": (15, STRUCT)},
    "MediaInfo": {
        "image_info": (1, STRUCT),
        "animated_gif_info": (2, STRUCT),
        "video_info": (3, STRUCT),
        "model_3d_info": (4, STRUCT),
    },
    "VideoInfo": {"duration_millis": (1, I32)},
    "User": {"id": (1, LONG)},
}
"""Struct -> field that is read -> id and type on the wire. Written by hand: it changes with no file of the product."""


def declared_structs(struct: type) -> dict[str, set[str]]:
    """Fields that are read, of this struct and of those within it that are more than a presence."""
    hints = get_type_hints(struct)
    inner = chain.from_iterable(get_args(hint) or (hint,) for hint in hints.values())
    found = {struct.__name__: set(hints)} if hints else {}
    for hint in inner:
        found |= declared_structs(hint) if is_typeddict(hint) else {}
    return found


def test_the_fields_that_are_read_are_those_of_the_contract() -> None:
    assert declared_structs(TweetEvent) == {struct: set(names) for struct, names in WIRE_CONTRACT.items()}


@pytest.mark.parametrize("struct", WIRE_CONTRACT)
def test_the_idl_gives_them_the_ids_and_types_of_the_contract(struct: str) -> None:
    defined = {name: (field_id, wire) for field_id, (wire, name, *_) in getattr(IDL, struct).thrift_spec.items()}
    assert defined | WIRE_CONTRACT[struct] == defined


SMALL_IDL = load_fp(
    StringIO(
        "struct Inner { 1: i64 id } struct Outer { 3: Inner inner 4: list<Inner> many 5: list<i64> ids 6: byte b }"
    ),
    "small_thrift",
)


class Inner(TypedDict, total=False):
    id: int


class Other(TypedDict, total=False):
    id: int


def declared_as(name: str, hint: object) -> type:
    return TypedDict("Outer", {name: hint}, total=False)  # pyright: ignore


def test_ids_come_from_the_idl() -> None:
    decode = decoder(declared_as("inner", Inner), SMALL_IDL)
    assert decode(fields(field(STRUCT, 3, fields(field(I64, 1, i64(7)))))) == {"inner": {"id": 7}}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("absent", int),
        ("inner", int),
        ("inner", Other),
        ("inner", list[Inner]),
        ("many", Inner),
        ("many", list[Other]),
        ("many", list[int]),
        ("ids", list[Inner]),
        ("ids", list[int]),
        ("b", int),
    ],
)
def test_a_declaration_that_the_idl_contradicts_is_an_error(name: str, hint: object) -> None:
    with pytest.raises(TypeError, match="IDL"):
        decoder(declared_as(name, hint), SMALL_IDL)


def test_a_struct_that_the_idl_does_not_have_is_an_error() -> None:
    with pytest.raises(TypeError, match="IDL"):
        decoder(Other, SMALL_IDL)
