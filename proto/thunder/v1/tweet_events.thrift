// The raw topic: one TweetEvent per message, in TBinaryProtocol, as the whole value (no message envelope).
//
// The decoder takes field ids and types from this file. It lists only what the transformer reads, or must recognise to
// ignore. The structs in use have more fields and variants: a reader skips unknown ones by their type.
// Ids are i64 > 0; 0 in an optional id means absent.

namespace py thunder.v1

struct TweetEvent {
  1: TweetEventData data
  2: TweetEventFlags flags
}

// Not read by the transformer: creation times come from the posts, deletion times from the clock.
struct TweetEventFlags {
  1: list<string> unused1
  2: i64 timestamp_ms
  3: i32 safety_type
}

union TweetEventData {
  1: TweetCreateEvent tweet_create_event
  2: TweetDeleteEvent tweet_delete_event
  3: AdditionalFieldUpdateEvent additional_field_update
  4: AdditionalFieldDeleteEvent additional_field_delete
  5: TweetUndeleteEvent tweet_undelete
  6: TweetScrubGeoEvent tweet_scrub_geo
  7: TweetTakedownEvent tweet_takedown
  8: UserScrubGeoEvent user_scrub_geo
  9: TweetPossiblySensitiveUpdateEvent tweet_possibly_sensitive_update
  10: QuotedTweetDeleteEvent quoted_tweet_delete_event
  11: QuotedTweetTakedownEvent quoted_tweet_takedown
}

// tweet, tweet.core_data and user are needed; the source and the quoted post are not read.
struct TweetCreateEvent {
  1: optional Tweet tweet
  2: optional User user
  3: optional Tweet source_tweet
  4: optional User source_user
  5: optional i64 retweet_parent_user_id
  6: optional Tweet quoted_tweet
  7: optional User quoted_user
}

// Only tweet.id is needed. A post known to be older than the retention needs no deletion.
struct TweetDeleteEvent {
  1: optional Tweet tweet
  2: optional User user
  3: optional bool is_user_erasure
  5: optional i64 by_user_id
  6: optional bool is_admin_delete
}

// The quoted post is gone: the quoting one shows a hole and goes too.
struct QuotedTweetDeleteEvent {
  1: optional i64 quoting_tweet_id
  2: optional i64 quoting_user_id
  3: optional i64 quoted_tweet_id
  4: optional i64 quoted_user_id
}

// Ignored: a tombstone is final.
struct TweetUndeleteEvent {
  1: optional Tweet tweet
  2: optional User user
  8: optional i64 deleted_at_msec
}

// Variants that change nothing in a feed. Their fields are not read.
struct AdditionalFieldUpdateEvent {}
struct AdditionalFieldDeleteEvent {}
struct TweetScrubGeoEvent {}
struct TweetTakedownEvent {}
struct UserScrubGeoEvent {}
struct TweetPossiblySensitiveUpdateEvent {}
struct QuotedTweetTakedownEvent {}

struct Tweet {
  1: i64 id
  2: optional TweetCoreData core_data
  7: optional list<MediaEntity> media
}

struct TweetCoreData {
  1: i64 user_id                      // not the author: that is TweetCreateEvent.user
  2: string text
  3: string created_via
  4: i64 created_at_secs              // Unix seconds
  5: optional Reply reply             // present: the post is a reply
  7: optional Share share             // present: the post is a repost
  11: optional bool nullcast          // true: shown in no feed (an advertisement)
  14: optional i64 conversation_id
}

// A mention at the start of a post is a reply without in_reply_to_status_id.
struct Reply {
  1: optional i64 in_reply_to_status_id
  2: optional i64 in_reply_to_user_id
  3: optional string in_reply_to_screen_name
}

// source is the original post; parent is the repost through which it was found.
struct Share {
  1: i64 source_status_id
  2: i64 source_user_id
  3: i64 parent_status_id
}

struct MediaEntity {
  15: optional MediaInfo media_info
}

union MediaInfo {
  1: ImageInfo image_info
  2: AnimatedGifInfo animated_gif_info
  3: VideoInfo video_info
  4: Model3DInfo model_3d_info
}

struct VideoInfo {
  1: optional i32 duration_millis
}

struct ImageInfo {}
struct AnimatedGifInfo {}
struct Model3DInfo {}

struct User {
  1: i64 id
}
