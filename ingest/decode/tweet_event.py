"""The structs of the raw topic that the transformer reads; proto/thunder/v1/tweet_events.thrift documents them."""

from typing import Annotated, TypedDict

from ingest.decode.thrift_struct import Kind, decoder


class Unread(TypedDict, total=False):
    """A struct of which only the presence matters."""


class User(TypedDict, total=False):
    id: Annotated[int, 1, Kind.I64]


class VideoInfo(TypedDict, total=False):
    duration_millis: Annotated[int, 1, Kind.I32]


class MediaInfo(TypedDict, total=False):
    image_info: Annotated[Unread, 1, Kind.STRUCT]
    animated_gif_info: Annotated[Unread, 2, Kind.STRUCT]
    video_info: Annotated[VideoInfo, 3, Kind.STRUCT]
    model_3d_info: Annotated[Unread, 4, Kind.STRUCT]


class MediaEntity(TypedDict, total=False):
    media_info: Annotated[MediaInfo, 15, Kind.UNION]


class Share(TypedDict, total=False):
    source_status_id: Annotated[int, 1, Kind.I64]
    source_user_id: Annotated[int, 2, Kind.I64]


class Reply(TypedDict, total=False):
    in_reply_to_status_id: Annotated[int, 1, Kind.I64]
    in_reply_to_user_id: Annotated[int, 2, Kind.I64]
    in_reply_to_screen_name: Annotated[str, 3, Kind.STRING]


class TweetCoreData(TypedDict, total=False):
    text: Annotated[str, 2, Kind.STRING]
    created_via: Annotated[str, 3, Kind.STRING]
    created_at_secs: Annotated[int, 4, Kind.I64]
    reply: Annotated[Reply, 5, Kind.STRUCT]
    share: Annotated[Share, 7, Kind.STRUCT]
    nullcast: Annotated[bool, 11, Kind.BOOL]
    conversation_id: Annotated[int, 14, Kind.I64]


class Tweet(TypedDict, total=False):
    id: Annotated[int, 1, Kind.I64]
    core_data: Annotated[TweetCoreData, 2, Kind.STRUCT]
    media: Annotated[list[MediaEntity], 7, Kind.STRUCTS]


class TweetCreateEvent(TypedDict, total=False):
    tweet: Annotated[Tweet, 1, Kind.STRUCT]
    user: Annotated[User, 2, Kind.STRUCT]


class TweetDeleteEvent(TypedDict, total=False):
    tweet: Annotated[Tweet, 1, Kind.STRUCT]


class QuotedTweetDeleteEvent(TypedDict, total=False):
    quoting_tweet_id: Annotated[int, 1, Kind.I64]


class TweetEventData(TypedDict, total=False):
    tweet_create_event: Annotated[TweetCreateEvent, 1, Kind.STRUCT]
    tweet_delete_event: Annotated[TweetDeleteEvent, 2, Kind.STRUCT]
    additional_field_update: Annotated[Unread, 3, Kind.STRUCT]
    additional_field_delete: Annotated[Unread, 4, Kind.STRUCT]
    tweet_undelete: Annotated[Unread, 5, Kind.STRUCT]
    tweet_scrub_geo: Annotated[Unread, 6, Kind.STRUCT]
    tweet_takedown: Annotated[Unread, 7, Kind.STRUCT]
    user_scrub_geo: Annotated[Unread, 8, Kind.STRUCT]
    tweet_possibly_sensitive_update: Annotated[Unread, 9, Kind.STRUCT]
    quoted_tweet_delete_event: Annotated[QuotedTweetDeleteEvent, 10, Kind.STRUCT]
    quoted_tweet_takedown: Annotated[Unread, 11, Kind.STRUCT]


class TweetEvent(TypedDict, total=False):
    data: Annotated[TweetEventData, 1, Kind.UNION]


read_tweet_event = decoder(TweetEvent)
"""A message of the raw topic -> TweetEvent; raises Malformed only."""
