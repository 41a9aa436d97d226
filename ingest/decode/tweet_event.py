"""The fields of the raw topic that are read. Ids and wire types are those of proto/thunder/v1/tweet_events.thrift."""

from io import StringIO
from typing import TypedDict

from thriftpy2 import load_fp

from common.resources import read_resource
from ingest.decode.thrift_struct import decoder

IDL = load_fp(StringIO(read_resource("proto/thunder/v1/tweet_events.thrift")), "tweet_events_thrift")
"""Structs of the raw topic, as thriftpy2 parsed them: for ids and types, and to write test messages. Never to read."""


class Unread(TypedDict, total=False):
    """A struct of which only the presence matters."""


class User(TypedDict, total=False):
    id: int


class VideoInfo(TypedDict, total=False):
    duration_millis: int


class MediaInfo(TypedDict, total=False):
    image_info: Unread
    animated_gif_info: Unread
    video_info: VideoInfo
    model_3d_info: Unread


class MediaEntity(TypedDict, total=False):
    media_info: MediaInfo


class Share(TypedDict, total=False):
    source_status_id: int
    source_user_id: int


class Reply(TypedDict, total=False):
    in_reply_to_status_id: int
    in_reply_to_user_id: int
    in_reply_to_screen_name: str


class TweetCoreData(TypedDict, total=False):
    text: str
    created_via: str
    created_at_secs: int
    reply: Reply
    share: Share
    nullcast: bool
    conversation_id: int


class Tweet(TypedDict, total=False):
    id: int
    core_data: TweetCoreData
    media: list[MediaEntity]


class TweetCreateEvent(TypedDict, total=False):
    tweet: Tweet
    user: User


class TweetDeleteEvent(TypedDict, total=False):
    tweet: Tweet


class QuotedTweetDeleteEvent(TypedDict, total=False):
    quoting_tweet_id: int


class TweetEventData(TypedDict, total=False):
    tweet_create_event: TweetCreateEvent
    tweet_delete_event: TweetDeleteEvent
    additional_field_update: Unread
    additional_field_delete: Unread
    tweet_undelete: Unread
    tweet_scrub_geo: Unread
    tweet_takedown: Unread
    user_scrub_geo: Unread
    tweet_possibly_sensitive_update: Unread
    quoted_tweet_delete_event: QuotedTweetDeleteEvent
    quoted_tweet_takedown: Unread


class TweetEvent(TypedDict, total=False):
    data: TweetEventData


read_tweet_event = decoder(TweetEvent, IDL)
"""A message of the raw topic -> TweetEvent; raises Malformed only."""
