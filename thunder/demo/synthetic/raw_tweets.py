"""Messages of the raw topic, written for the demo and for tests. Only they import it: it needs thriftpy2."""

from functools import cache
from io import StringIO
from types import ModuleType

from thriftpy2 import load_fp
from thriftpy2.thrift import TPayload
from thriftpy2.utils import serialize

from common.post import LightPost
from common.resources import read_resource

_VIDEO_MILLIS = 30_000


def encode_create(post: LightPost, *, nullcast: bool = False) -> bytes:
    """A TweetEvent that the transformer turns into this (normalised) post; with nullcast, one that it drops."""
    thrift = _thrift()
    core_data = thrift.TweetCoreData(
        user_id=post.author_id,
        text="",
        created_via="",
        created_at_secs=post.created_at,
        reply=_reply(post) if post.is_reply else None,
        share=_share(post) if post.is_retweet else None,
        nullcast=nullcast,
        conversation_id=post.conversation_id,
    )
    tweet = thrift.Tweet(id=post.post_id, core_data=core_data, media=_video() if post.has_video else None)
    user = thrift.User(id=post.author_id)
    return _encode(tweet_create_event=thrift.TweetCreateEvent(tweet=tweet, user=user))


def encode_delete(post_id: int, created_at: int | None = None) -> bytes:
    """A TweetEvent that deletes a post; created_at (Unix seconds) is the post's own, as far as it is known."""
    thrift = _thrift()
    core_data = None if created_at is None else thrift.TweetCoreData(created_at_secs=created_at)
    tweet = thrift.Tweet(id=post_id, core_data=core_data)
    return _encode(tweet_delete_event=thrift.TweetDeleteEvent(tweet=tweet))


def _reply(post: LightPost) -> TPayload:
    return _thrift().Reply(in_reply_to_status_id=post.in_reply_to_post_id, in_reply_to_user_id=post.in_reply_to_user_id)


def _share(post: LightPost) -> TPayload:
    return _thrift().Share(source_status_id=post.source_post_id, source_user_id=post.source_user_id)


def _video() -> list[TPayload]:
    thrift = _thrift()
    media_info = thrift.MediaInfo(video_info=thrift.VideoInfo(duration_millis=_VIDEO_MILLIS))
    return [thrift.MediaEntity(media_info=media_info)]


def _encode(**variant: TPayload) -> bytes:
    thrift = _thrift()
    return serialize(thrift.TweetEvent(data=thrift.TweetEventData(**variant)))


@cache
def _thrift() -> ModuleType:
    """The structs of the shipped interface definition."""
    return load_fp(StringIO(read_resource("proto/thunder/v1/tweet_events.thrift")), "tweet_events_thrift")
