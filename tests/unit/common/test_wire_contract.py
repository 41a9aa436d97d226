from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from common.pb.thunder.v1 import in_network_pb2

POST_FIELDS = {
    "post_id": "1 int64",
    "author_id": "2 int64",
    "created_at": "3 int64",
    "in_reply_to_post_id": "4 optional int64",
    "in_reply_to_user_id": "5 optional int64",
    "is_retweet": "6 bool",
    "is_reply": "7 bool",
    "source_post_id": "8 optional int64",
    "source_user_id": "9 optional int64",
    "has_video": "10 bool",
    "conversation_id": "11 optional int64",
}

MESSAGES = {
    "LightPost": POST_FIELDS,
    "TweetCreateEvent": POST_FIELDS,
    "TweetDeleteEvent": {"post_id": "1 int64", "deleted_at": "2 int64"},
    "AuthorDeleteEvent": {"author_id": "1 int64", "deleted_at": "2 int64"},
    "InNetworkEvent": {
        "tweet_create_event": "1 TweetCreateEvent",
        "tweet_delete_event": "2 TweetDeleteEvent",
        "author_delete_event": "3 AuthorDeleteEvent",
    },
    "InNetworkEvents": {"events": "4 repeated bytes"},
    "FollowEvent": {
        "viewer_id": "1 int64",
        "target_id": "2 int64",
        "follow_id": "3 int64",
        "at": "4 int64",
        "removed": "5 bool",
    },
    "PerAuthorLimits": {
        "max_posts_per_author": "1 optional uint32",
        "max_replies_reposts_per_author": "2 optional uint32",
    },
    "GetInNetworkPostsRequest": {
        "user_id": "1 uint64",
        "following_user_ids": "2 repeated uint64",
        "max_results": "3 uint32",
        "exclude_tweet_ids": "4 repeated uint64",
        "algorithm": "5 string",
        "debug": "6 bool",
        "is_video_request": "7 bool",
        "per_author_limits": "8 PerAuthorLimits",
        "created_after": "9 int64",
        "before": "10 Position",
        "exclude_author_ids": "11 repeated uint64",
        "exclude_replies": "12 bool",
        "exclude_reposts": "13 bool",
    },
    "Position": {"created_at": "1 int64", "post_id": "2 int64"},
    "Adjustment": {"kind": "1 AdjustmentKind", "given": "2 uint64", "used": "3 uint64"},
    "GetInNetworkPostsResponse": {
        "posts": "1 repeated LightPost",
        "partial": "2 bool",
        "adjustments": "3 repeated Adjustment",
        "has_more": "4 bool",
    },
}

ADJUSTMENT_KINDS = [
    "UNSPECIFIED",
    "FOLLOWING_CUT",
    "FOLLOWING_DROPPED",
    "EXCLUDED_CUT",
    "EXCLUDED_DROPPED",
    "EXCLUDED_AUTHORS_CUT",
    "EXCLUDED_AUTHORS_DROPPED",
    "MAX_RESULTS_CLAMPED",
    "ALGORITHM_UNKNOWN",
]

SCALARS = {
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_STRING: "string",
}


def spelled(field: FieldDescriptor) -> str:
    """A field as the tables above spell it."""
    own_oneof = field.containing_oneof is not None and field.containing_oneof.name == f"_{field.name}"
    label = "repeated " if field.is_repeated else "optional " if own_oneof else ""
    named = field.message_type or field.enum_type
    type_name = named.name if named else SCALARS[field.type]
    return f"{field.number} {label}{type_name}"


def test_messages_and_fields_keep_their_names_numbers_and_types() -> None:
    declared = in_network_pb2.DESCRIPTOR.message_types_by_name
    assert {
        name: {field.name: spelled(field) for field in message.fields} for name, message in declared.items()
    } == MESSAGES


def test_kinds_of_adjustments_keep_their_names_and_numbers() -> None:
    declared = in_network_pb2.DESCRIPTOR.enum_types_by_name["AdjustmentKind"]
    assert {value.name: value.number for value in declared.values} == {
        f"ADJUSTMENT_KIND_{name}": number for number, name in enumerate(ADJUSTMENT_KINDS)
    }


def test_the_service_keeps_its_name() -> None:
    service = in_network_pb2.DESCRIPTOR.services_by_name["InNetworkPostsService"]
    assert service.full_name == "thunder.v1.InNetworkPostsService"
    assert [method.name for method in service.methods] == ["GetInNetworkPosts"]


@pytest.mark.parametrize("optional_ids", [{}, dict.fromkeys(["in_reply_to_post_id", "conversation_id"], 900)])
def test_create_event_and_light_post_share_their_bytes(optional_ids: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"post_id": 2**63 - 1, "author_id": 10, "created_at": 5, "is_reply": True, **optional_ids}
    create, post = in_network_pb2.TweetCreateEvent(**fields), in_network_pb2.LightPost(**fields)
    assert in_network_pb2.LightPost.FromString(create.SerializeToString()) == post
    assert in_network_pb2.TweetCreateEvent.FromString(post.SerializeToString()) == create
