// The raw topic once more, written apart from proto/ so that the two can disagree. Besides what the transformer reads it
// has fields of every wire type that no code reads, as the structs in use do.

enum Color { RED = 1, BLUE = 7 }

struct Noise {
  1: bool flag
  2: byte small
  3: double ratio
  4: i16 short_number
  5: i32 number
  6: i64 long_number
  7: string words
  8: binary bytes
  9: Color color
  10: list<i32> numbers
  11: list<string> lines
  12: set<i64> ids
  13: map<string, i64> counts
  14: map<i32, list<Leaf>> leaves
  15: list<list<bool>> grid
  16: Leaf leaf
}

struct Leaf {
  1: string name
}

struct User {
  1: optional i64 id
  2: optional Noise profile
}

struct Share {
  1: optional i64 source_status_id
  2: optional i64 source_user_id
  3: optional i64 parent_status_id
}

struct Reply {
  1: optional i64 in_reply_to_status_id
  2: optional i64 in_reply_to_user_id
  3: optional string in_reply_to_screen_name
}

struct CoreData {
  1: optional i64 user_id
  2: optional string text
  3: optional string created_via
  4: optional i64 created_at_secs
  5: optional Reply reply
  6: optional Noise directed_at
  7: optional Share share
  11: optional bool nullcast
  14: optional i64 conversation_id
  20: optional Noise later
}

struct Image {
  1: optional i32 width
}

struct Gif {
  1: optional i32 duration_millis
}

struct Video {
  1: optional i32 duration_millis
  2: optional Noise variants
}

struct Model {
  1: optional string url
}

union MediaInfo {
  1: Image image_info
  2: Gif animated_gif_info
  3: Video video_info
  4: Model model_3d_info
  5: Noise hologram_info
}

struct Media {
  1: optional i16 from_index
  5: optional set<Leaf> sizes
  15: optional MediaInfo media_info
}

struct Tweet {
  1: optional i64 id
  2: optional CoreData core_data
  3: optional list<Noise> urls
  7: optional list<Media> media
  101: optional Noise far
}

struct Create {
  1: optional Tweet tweet
  2: optional User user
  3: optional Tweet source_tweet
  4: optional User source_user
  5: optional i64 retweet_parent_user_id
  6: optional Tweet quoted_tweet
  7: optional User quoted_user
}

struct Delete {
  1: optional Tweet tweet
  2: optional User user
  3: optional bool is_user_erasure
  5: optional i64 by_user_id
  6: optional bool is_admin_delete
}

struct QuotedDelete {
  1: optional i64 quoting_tweet_id
  2: optional i64 quoting_user_id
  3: optional i64 quoted_tweet_id
  4: optional i64 quoted_user_id
}

struct Undelete {
  1: optional Tweet tweet
  2: optional User user
  8: optional i64 deleted_at_msec
}

union Data {
  1: Create tweet_create_event
  2: Delete tweet_delete_event
  3: Noise additional_field_update
  4: Noise additional_field_delete
  5: Undelete tweet_undelete
  6: Noise tweet_scrub_geo
  7: Noise tweet_takedown
  8: Noise user_scrub_geo
  9: Noise tweet_possibly_sensitive_update
  10: QuotedDelete quoted_tweet_delete_event
  11: Noise quoted_tweet_takedown
  42: Noise poll_closed
}

struct Flags {
  1: list<string> unused1
  2: i64 timestamp_ms
  3: i32 safety_type
}

struct Event {
  1: optional Data data
  2: optional Flags flags
}
