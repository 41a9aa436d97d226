from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import Any as _Any, ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AdjustmentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ADJUSTMENT_KIND_UNSPECIFIED: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_FOLLOWING_CUT: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_FOLLOWING_DROPPED: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_EXCLUDED_CUT: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_EXCLUDED_DROPPED: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_EXCLUDED_AUTHORS_CUT: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_EXCLUDED_AUTHORS_DROPPED: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_MAX_RESULTS_CLAMPED: _ClassVar[AdjustmentKind]
    ADJUSTMENT_KIND_ALGORITHM_UNKNOWN: _ClassVar[AdjustmentKind]
ADJUSTMENT_KIND_UNSPECIFIED: AdjustmentKind
ADJUSTMENT_KIND_FOLLOWING_CUT: AdjustmentKind
ADJUSTMENT_KIND_FOLLOWING_DROPPED: AdjustmentKind
ADJUSTMENT_KIND_EXCLUDED_CUT: AdjustmentKind
ADJUSTMENT_KIND_EXCLUDED_DROPPED: AdjustmentKind
ADJUSTMENT_KIND_EXCLUDED_AUTHORS_CUT: AdjustmentKind
ADJUSTMENT_KIND_EXCLUDED_AUTHORS_DROPPED: AdjustmentKind
ADJUSTMENT_KIND_MAX_RESULTS_CLAMPED: AdjustmentKind
ADJUSTMENT_KIND_ALGORITHM_UNKNOWN: AdjustmentKind

class LightPost(_message.Message):
    __slots__ = ("post_id", "author_id", "created_at", "in_reply_to_post_id", "in_reply_to_user_id", "is_retweet", "is_reply", "source_post_id", "source_user_id", "has_video", "conversation_id")
    POST_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    IN_REPLY_TO_POST_ID_FIELD_NUMBER: _ClassVar[int]
    IN_REPLY_TO_USER_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETWEET_FIELD_NUMBER: _ClassVar[int]
    IS_REPLY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_POST_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_USER_ID_FIELD_NUMBER: _ClassVar[int]
    HAS_VIDEO_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    post_id: int
    author_id: int
    created_at: int
    in_reply_to_post_id: int
    in_reply_to_user_id: int
    is_retweet: bool
    is_reply: bool
    source_post_id: int
    source_user_id: int
    has_video: bool
    conversation_id: int
    def __init__(self, post_id: _Optional[int] = ..., author_id: _Optional[int] = ..., created_at: _Optional[int] = ..., in_reply_to_post_id: _Optional[int] = ..., in_reply_to_user_id: _Optional[int] = ..., is_retweet: _Optional[bool] = ..., is_reply: _Optional[bool] = ..., source_post_id: _Optional[int] = ..., source_user_id: _Optional[int] = ..., has_video: _Optional[bool] = ..., conversation_id: _Optional[int] = ...) -> None: ...

class TweetCreateEvent(_message.Message):
    __slots__ = ("post_id", "author_id", "created_at", "in_reply_to_post_id", "in_reply_to_user_id", "is_retweet", "is_reply", "source_post_id", "source_user_id", "has_video", "conversation_id")
    POST_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    IN_REPLY_TO_POST_ID_FIELD_NUMBER: _ClassVar[int]
    IN_REPLY_TO_USER_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETWEET_FIELD_NUMBER: _ClassVar[int]
    IS_REPLY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_POST_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_USER_ID_FIELD_NUMBER: _ClassVar[int]
    HAS_VIDEO_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    post_id: int
    author_id: int
    created_at: int
    in_reply_to_post_id: int
    in_reply_to_user_id: int
    is_retweet: bool
    is_reply: bool
    source_post_id: int
    source_user_id: int
    has_video: bool
    conversation_id: int
    def __init__(self, post_id: _Optional[int] = ..., author_id: _Optional[int] = ..., created_at: _Optional[int] = ..., in_reply_to_post_id: _Optional[int] = ..., in_reply_to_user_id: _Optional[int] = ..., is_retweet: _Optional[bool] = ..., is_reply: _Optional[bool] = ..., source_post_id: _Optional[int] = ..., source_user_id: _Optional[int] = ..., has_video: _Optional[bool] = ..., conversation_id: _Optional[int] = ...) -> None: ...

class TweetDeleteEvent(_message.Message):
    __slots__ = ("post_id", "deleted_at")
    POST_ID_FIELD_NUMBER: _ClassVar[int]
    DELETED_AT_FIELD_NUMBER: _ClassVar[int]
    post_id: int
    deleted_at: int
    def __init__(self, post_id: _Optional[int] = ..., deleted_at: _Optional[int] = ...) -> None: ...

class AuthorDeleteEvent(_message.Message):
    __slots__ = ("author_id", "deleted_at")
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    DELETED_AT_FIELD_NUMBER: _ClassVar[int]
    author_id: int
    deleted_at: int
    def __init__(self, author_id: _Optional[int] = ..., deleted_at: _Optional[int] = ...) -> None: ...

class InNetworkEvent(_message.Message):
    __slots__ = ("tweet_create_event", "tweet_delete_event", "author_delete_event")
    TWEET_CREATE_EVENT_FIELD_NUMBER: _ClassVar[int]
    TWEET_DELETE_EVENT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_DELETE_EVENT_FIELD_NUMBER: _ClassVar[int]
    tweet_create_event: TweetCreateEvent
    tweet_delete_event: TweetDeleteEvent
    author_delete_event: AuthorDeleteEvent
    def __init__(self, tweet_create_event: _Optional[_Union[TweetCreateEvent, _Mapping[str, _Any]]] = ..., tweet_delete_event: _Optional[_Union[TweetDeleteEvent, _Mapping[str, _Any]]] = ..., author_delete_event: _Optional[_Union[AuthorDeleteEvent, _Mapping[str, _Any]]] = ...) -> None: ...

class InNetworkEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, events: _Optional[_Iterable[bytes]] = ...) -> None: ...

class FollowEvent(_message.Message):
    __slots__ = ("viewer_id", "target_id", "follow_id", "at", "removed")
    VIEWER_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    viewer_id: int
    target_id: int
    follow_id: int
    at: int
    removed: bool
    def __init__(self, viewer_id: _Optional[int] = ..., target_id: _Optional[int] = ..., follow_id: _Optional[int] = ..., at: _Optional[int] = ..., removed: _Optional[bool] = ...) -> None: ...

class PerAuthorLimits(_message.Message):
    __slots__ = ("max_posts_per_author", "max_replies_reposts_per_author")
    MAX_POSTS_PER_AUTHOR_FIELD_NUMBER: _ClassVar[int]
    MAX_REPLIES_REPOSTS_PER_AUTHOR_FIELD_NUMBER: _ClassVar[int]
    max_posts_per_author: int
    max_replies_reposts_per_author: int
    def __init__(self, max_posts_per_author: _Optional[int] = ..., max_replies_reposts_per_author: _Optional[int] = ...) -> None: ...

class GetInNetworkPostsRequest(_message.Message):
    __slots__ = ("user_id", "following_user_ids", "max_results", "exclude_tweet_ids", "algorithm", "debug", "is_video_request", "per_author_limits", "created_after", "before", "exclude_author_ids", "exclude_replies", "exclude_reposts")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    FOLLOWING_USER_IDS_FIELD_NUMBER: _ClassVar[int]
    MAX_RESULTS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_TWEET_IDS_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    DEBUG_FIELD_NUMBER: _ClassVar[int]
    IS_VIDEO_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PER_AUTHOR_LIMITS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_AUTHOR_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_REPLIES_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_REPOSTS_FIELD_NUMBER: _ClassVar[int]
    user_id: int
    following_user_ids: _containers.RepeatedScalarFieldContainer[int]
    max_results: int
    exclude_tweet_ids: _containers.RepeatedScalarFieldContainer[int]
    algorithm: str
    debug: bool
    is_video_request: bool
    per_author_limits: PerAuthorLimits
    created_after: int
    before: Position
    exclude_author_ids: _containers.RepeatedScalarFieldContainer[int]
    exclude_replies: bool
    exclude_reposts: bool
    def __init__(self, user_id: _Optional[int] = ..., following_user_ids: _Optional[_Iterable[int]] = ..., max_results: _Optional[int] = ..., exclude_tweet_ids: _Optional[_Iterable[int]] = ..., algorithm: _Optional[str] = ..., debug: _Optional[bool] = ..., is_video_request: _Optional[bool] = ..., per_author_limits: _Optional[_Union[PerAuthorLimits, _Mapping[str, _Any]]] = ..., created_after: _Optional[int] = ..., before: _Optional[_Union[Position, _Mapping[str, _Any]]] = ..., exclude_author_ids: _Optional[_Iterable[int]] = ..., exclude_replies: _Optional[bool] = ..., exclude_reposts: _Optional[bool] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("created_at", "post_id")
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    POST_ID_FIELD_NUMBER: _ClassVar[int]
    created_at: int
    post_id: int
    def __init__(self, created_at: _Optional[int] = ..., post_id: _Optional[int] = ...) -> None: ...

class Adjustment(_message.Message):
    __slots__ = ("kind", "given", "used")
    KIND_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    kind: AdjustmentKind
    given: int
    used: int
    def __init__(self, kind: _Optional[_Union[AdjustmentKind, str]] = ..., given: _Optional[int] = ..., used: _Optional[int] = ...) -> None: ...

class GetInNetworkPostsResponse(_message.Message):
    __slots__ = ("posts", "partial", "adjustments", "has_more")
    POSTS_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    posts: _containers.RepeatedCompositeFieldContainer[LightPost]
    partial: bool
    adjustments: _containers.RepeatedCompositeFieldContainer[Adjustment]
    has_more: bool
    def __init__(self, posts: _Optional[_Iterable[_Union[LightPost, _Mapping[str, _Any]]]] = ..., partial: _Optional[bool] = ..., adjustments: _Optional[_Iterable[_Union[Adjustment, _Mapping[str, _Any]]]] = ..., has_more: _Optional[bool] = ...) -> None: ...
