"""What a post is to its readers. Pure."""

from enum import StrEnum

from common.pb.thunder.v1.in_network_pb2 import LightPost


class PostKind(StrEnum):
    """A closed set."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    VIDEO = "video"


def post_kind(post: LightPost) -> PostKind:
    """A repost of a video is a repost, a reply with a video a reply."""
    if post.is_retweet:
        return PostKind.REPOST
    if post.is_reply:
        return PostKind.REPLY
    return PostKind.VIDEO if post.has_video else PostKind.POST
