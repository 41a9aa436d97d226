# A create of the refined topic, decoded without protobuf's objects (ingest/decode/row_decoder.py).

cdef enum:
    CREATE_VARIANT = 1 << 3 | 2
    ONE_BYTE = 0x80  # lengths below it take one byte; a create with every field is shorter
    HIGHEST_FIELD = 11


cdef bint read_refined(Field all, Post *post) noexcept:
    """Read an InNetworkEvent that is one TweetCreateEvent and nothing else, with known fields of at most 63 bits."""
    cdef uint64_t values[HIGHEST_FIELD + 1]
    cdef uint64_t value
    cdef uint8_t tag
    cdef int number
    if all.end - all.at < 2 or all.at[0] != CREATE_VARIANT or all.at[1] >= ONE_BYTE or all.end - all.at - 2 != all.at[1]:
        return False
    all.at += 2
    for number in range(HIGHEST_FIELD + 1):
        values[number] = 0
    while all.at < all.end:
        tag = all.at[0]
        all.at += 1
        if tag & 7 or not 1 <= tag >> 3 <= HIGHEST_FIELD or not read_varint(&all, &value):
            return False
        values[tag >> 3] = value  # the last one of a field counts
    if values[TAG_IS_RETWEET >> 3] > 1 or values[TAG_IS_REPLY >> 3] > 1 or values[TAG_HAS_VIDEO >> 3] > 1:
        return False
    post.post_id = values[TAG_POST_ID >> 3]
    post.author_id = values[TAG_AUTHOR_ID >> 3]
    post.created_at = values[TAG_CREATED_AT >> 3]
    post.reply_post = values[TAG_IN_REPLY_TO_POST >> 3]
    post.reply_user = values[TAG_IN_REPLY_TO_USER >> 3]
    post.source_post = values[TAG_SOURCE_POST >> 3]
    post.source_user = values[TAG_SOURCE_USER >> 3]
    post.root = values[TAG_CONVERSATION >> 3]
    post.is_retweet = values[TAG_IS_RETWEET >> 3]
    post.is_reply = values[TAG_IS_REPLY >> 3] or post.reply_post != 0 or post.reply_user != 0
    post.has_video = values[TAG_HAS_VIDEO >> 3]
    return True
