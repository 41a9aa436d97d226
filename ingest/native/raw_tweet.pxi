# A create of the raw topic: the structs of proto/thunder/v1/tweet_events.thrift, and the transformer's rules for them
# (ingest/decode/tweet_event.py, tweet_transform.py).
#
# Every function reads the fields of one struct up to its end. A field of another type than declared is skipped, as an
# unknown one is. A struct or list that is there twice is left to Python; of numbers that are, the last one counts.

cdef enum:
    MIN_VIDEO_MILLIS = 5000
    LAST_VARIANT = 11  # of TweetEventData
    SAW_DATA = 1
    SAW_CREATE = 2
    SAW_TWEET = 4
    SAW_USER = 8
    SAW_CORE_DATA = 16
    SAW_CREATED_AT = 32
    NEEDED = 63
    SAW_REPLY = 64
    SAW_SHARE = 128
    SAW_MEDIA = 256


cdef struct Tweet:
    Post post
    int seen
    bint nullcast


cdef inline bint is_first(Tweet *tweet, int bit) noexcept nogil:
    """Note a field that may be there once."""
    cdef bint first = not tweet.seen & bit
    tweet.seen |= bit
    return first


cdef bint read_raw(Field all, Tweet *tweet) noexcept:
    """Read a TweetEvent that creates a post, which is not left out of feeds; its numbers may be invalid."""
    memset(tweet, 0, sizeof(Tweet))
    if not read_event(&all, tweet) or all.at != all.end or tweet.seen & NEEDED != NEEDED or tweet.nullcast:
        return False
    tweet.post.is_retweet = tweet.seen & SAW_SHARE != 0
    tweet.post.is_reply = tweet.seen & SAW_REPLY != 0
    return True


cdef bint read_event(Field *field, Tweet *tweet) noexcept:
    cdef int header = next_header(field)
    while header > STOP:
        if header == header_of(T_STRUCT, 1):
            if not is_first(tweet, SAW_DATA) or not read_data(field, tweet):
                return False
        elif not skip(field, header >> 16, 2):
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_data(Field *field, Tweet *tweet) noexcept:
    """Read a union: other variants that are declared are left to Python."""
    cdef int header = next_header(field)
    while header > STOP:
        if header == header_of(T_STRUCT, 1):
            if not is_first(tweet, SAW_CREATE) or not read_create(field, tweet):
                return False
        elif header_of(T_STRUCT, 1) < header <= header_of(T_STRUCT, LAST_VARIANT) or not skip(field, header >> 16, 3):
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_create(Field *field, Tweet *tweet) noexcept:
    cdef int header = next_header(field)
    while header > STOP:
        if header == header_of(T_STRUCT, 1):
            if not is_first(tweet, SAW_TWEET) or not read_tweet(field, tweet):
                return False
        elif header == header_of(T_STRUCT, 2):
            if not is_first(tweet, SAW_USER) or not read_ids(field, 4, &tweet.post.author_id, NULL):
                return False
        elif not skip(field, header >> 16, 4):
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_tweet(Field *field, Tweet *tweet) noexcept:
    cdef int header = next_header(field)
    cdef bint sound
    while header > STOP:
        if header == header_of(T_I64, 1):
            sound = read_i64(field, &tweet.post.post_id)
        elif header == header_of(T_STRUCT, 2):
            sound = is_first(tweet, SAW_CORE_DATA) and read_core_data(field, tweet)
        elif header == header_of(T_LIST, 7):
            sound = is_first(tweet, SAW_MEDIA) and read_media(field, &tweet.post.has_video)
        else:
            sound = skip(field, header >> 16, 5)
        if not sound:
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_core_data(Field *field, Tweet *tweet) noexcept:
    cdef int header = next_header(field)
    cdef bint sound
    while header > STOP:
        if header == header_of(T_STRING, 2) or header == header_of(T_STRING, 3):
            sound = read_text(field)
        elif header == header_of(T_I64, 4):
            tweet.seen |= SAW_CREATED_AT
            sound = read_i64(field, &tweet.post.created_at)
        elif header == header_of(T_STRUCT, 5):
            sound = is_first(tweet, SAW_REPLY) and read_reply(field, &tweet.post)
        elif header == header_of(T_STRUCT, 7):
            sound = is_first(tweet, SAW_SHARE) and read_ids(field, 6, &tweet.post.source_post, &tweet.post.source_user)
        elif header == header_of(T_BOOL, 11):
            sound = read_bool(field, &tweet.nullcast)
        elif header == header_of(T_I64, 14):
            sound = read_i64(field, &tweet.post.root)
        else:
            sound = skip(field, header >> 16, 6)
        if not sound:
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_reply(Field *field, Post *post) noexcept:
    cdef int header = next_header(field)
    cdef bint sound
    while header > STOP:
        if header == header_of(T_I64, 1):
            sound = read_i64(field, &post.reply_post)
        elif header == header_of(T_I64, 2):
            sound = read_i64(field, &post.reply_user)
        elif header == header_of(T_STRING, 3):
            sound = read_text(field)
        else:
            sound = skip(field, header >> 16, 7)
        if not sound:
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_ids(Field *field, int depth, int64_t *first, int64_t *second) noexcept:
    """Read a struct of which fields 1 and 2, i64, are wanted; second: NULL when only the first one is."""
    cdef int header = next_header(field)
    cdef bint sound
    while header > STOP:
        if header == header_of(T_I64, 1):
            sound = read_i64(field, first)
        elif header == header_of(T_I64, 2) and second != NULL:
            sound = read_i64(field, second)
        else:
            sound = skip(field, header >> 16, depth + 1)
        if not sound:
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_media(Field *field, bint *has_video) noexcept:
    """Read list<MediaEntity>; whether it is one video that is long enough."""
    cdef const uint8_t *at = field.at
    cdef uint32_t count
    cdef uint32_t i
    cdef int32_t millis = 0
    if not step(field, 1) or not read_count(field, &count) or count and at[0] != T_STRUCT:
        return False
    for i in range(count):
        if not read_media_entity(field, &millis):
            return False
    has_video[0] = count == 1 and millis >= MIN_VIDEO_MILLIS
    return True


cdef bint read_media_entity(Field *field, int32_t *millis) noexcept:
    cdef int header = next_header(field)
    cdef bint has_info = False
    while header > STOP:
        if header == header_of(T_STRUCT, 15):
            if has_info or not read_media_info(field, millis):
                return False
            has_info = True
        elif not skip(field, header >> 16, 7):
            return False
        header = next_header(field)
    return header == STOP


cdef bint read_media_info(Field *field, int32_t *millis) noexcept:
    """Read a union of four structs, the third one that of a video; it has a field, and one of these at most."""
    cdef int header = next_header(field)
    cdef int fields = 0
    cdef int variants = 0
    while header > STOP:
        fields += 1
        variants += header_of(T_STRUCT, 1) <= header <= header_of(T_STRUCT, 4)
        if header == header_of(T_STRUCT, 3):
            if not read_video(field, millis):
                return False
        elif not skip(field, header >> 16, 8):
            return False
        header = next_header(field)
    return header == STOP and fields > 0 and variants <= 1


cdef bint read_video(Field *field, int32_t *millis) noexcept:
    cdef int header = next_header(field)
    cdef uint32_t value
    while header > STOP:
        if header == header_of(T_I32, 1):
            if not read_u32(field, &value):
                return False
            millis[0] = <int32_t>value
        elif not skip(field, header >> 16, 9):
            return False
        header = next_header(field)
    return header == STOP
