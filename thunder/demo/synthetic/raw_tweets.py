"""Encodes messages of the raw topic, for the demo and for tests."""

from thriftpy2.thrift import TPayload
from thriftpy2.utils import serialize

from common.post import LightPost
from ingest.decode.tweet_event import IDL

_VIDEO_MILLIS = 30_000


def encode_create(post: LightPost, *, nullcast: bool = False) -> bytes:
    """A TweetEvent that the transformer turns into this (normalised) post; with nullcast, one that it drops."""
    core_data = IDL.TweetCoreData(
        user_id=post.author_id,
        text="",
        created_via="",
        created_at_secs=post.created_at,
        reply=_reply(post) if post.is_reply else None,
        share=_share(post) if post.is_retweet else None,
        nullcast=nullcast,
        conversation_id=post.conversation_id,
    )
    tweet = IDL.Tweet(id=post.post_id, core_data=core_data, media=_video() if post.has_video else None)
    user = IDL.User(id=post.author_id)
    return _encode(tweet_create_event=IDL.TweetCreateEvent(tweet=tweet, user=user))


def encode_delete(post_id: int, created_at: int | None = None) -> bytes:
    """A TweetEvent that deletes a post; created_at (Unix seconds) is the post's own, as far as it is known."""
    core_data = None if created_at is None else IDL.TweetCoreData(created_at_secs=created_at)
    tweet = IDL.Tweet(id=post_id, core_data=core_data)
    return _encode(tweet_delete_event=IDL.TweetDeleteEvent(tweet=tweet))


def _reply(post: LightPost) -> TPayload:
    return IDL.Reply(in_reply_to_status_id=post.in_reply_to_post_id, in_reply_to_user_id=post.in_reply_to_user_id)


def _share(post: LightPost) -> TPayload:
    return IDL.Share(source_status_id=post.source_post_id, source_user_id=post.source_user_id)


def _video() -> list[TPayload]:
    media_info = IDL.MediaInfo(video_info=IDL.VideoInfo(duration_millis=_VIDEO_MILLIS))
    return [IDL.MediaEntity(media_info=media_info)]


def _encode(**variant: TPayload) -> bytes:
    return serialize(IDL.TweetEvent(data=IDL.TweetEventData(**variant)))
