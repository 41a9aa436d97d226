"""Mutants that change nothing that a user could see, each with the reason why."""

from tests.mutation.mutants import MutantKey

EQUIVALENTS: dict[MutantKey, str] = {
    MutantKey(
        "ingest/dead_letters/limits.py",
        "DeadLetterLimitState._append",
        "statement dropped",
        "count += self._runs.pop().length",
        "pass",
    ): "Runs that are not joined count the same.",
    MutantKey(
        "ingest/dead_letters/limits.py",
        "DeadLetterLimitState._passed_limit",
        "statement dropped",
        "return None",
        "pass",
    ): "A function that ends returns None.",
    MutantKey(
        "ingest/kafka/assignment.py",
        "Assignment.__init__",
        "constant off by one",
        "self._count = 0",
        "self._count = -1",
    ): "Numbers of assignments are only compared with each other.",
    MutantKey(
        "ingest/kafka/assignment.py",
        "Assignment.__init__",
        "constant off by one",
        "self._count = 0",
        "self._count = 1",
    ): "Numbers of assignments are only compared with each other.",
    MutantKey(
        "ingest/kafka/assignment.py",
        "Assignment.assigned",
        "calls swapped",
        "self._owned.update(dict.fromkeys(partitions, self._count)) self._unstarted.update(partitions)",
        "self._unstarted.update(partitions) self._owned.update(dict.fromkeys(partitions, self._count))",
    ): "The two collections do not depend on each other; fromkeys() has no effect.",
    MutantKey(
        "ingest/kafka/assignment.py",
        "Assignment.assigned",
        "constant off by one",
        "self._count += 1",
        "self._count += 2",
    ): "Numbers of assignments are only compared with each other.",
    MutantKey(
        "ingest/kafka/assignment.py",
        "Assignment.take_changes",
        "statement dropped",
        "return _NO_CHANGES",
        "pass",
    ): "Changes without any are equal, whichever object they are.",
    MutantKey(
        "ingest/kafka/back_pressure.py",
        "BackPressure.__init__",
        "statement dropped",
        "self._is_logged = True",
        "pass",
    ): "A release follows a hold, which sets it.",
    MutantKey(
        "ingest/kafka/back_pressure.py",
        "BackPressure._hold",
        "calls swapped",
        "self._consumer.pause() self._on_hold(True)",
        "self._on_hold(True) self._consumer.pause()",
    ): "The pause and its gauge do not depend on each other.",
    MutantKey(
        "ingest/kafka/back_pressure.py",
        "BackPressure._release",
        "calls swapped",
        "self._consumer.resume() self._on_hold(False)",
        "self._on_hold(False) self._consumer.resume()",
    ): "The pause and its gauge do not depend on each other.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "constant off by one",
        (
            "local NEWEST_TAG = 0x58 -- members that end in a higher byte are of a newer version: what they "
            "are is not known here"
        ),
        (
            "local NEWEST_TAG = 89 -- members that end in a higher byte are of a newer version: what they "
            "are is not known here"
        ),
    ): "Tags of members are multiples of eight.",
    MutantKey(
        "lua/remove_posts.lua",
        "",
        "calls swapped",
        "redis.call('ZADD', deletions, 'GT', deleted_at, string.sub(first_bytes, 7, 15)) trim(deletions)",
        "trim(deletions) redis.call('ZADD', deletions, 'GT', deleted_at, string.sub(first_bytes, 7, 15))",
    ): "A removal that no longer counts is forgotten by the next call.",
    MutantKey(
        "lua/remove_posts.lua",
        "",
        "calls swapped",
        (
            "remove(KEYS[k + 1], first_bytes) redis.call('ZADD', deletions, 'GT', deleted_at, "
            "string.sub(first_bytes, 7, 15))"
        ),
        (
            "redis.call('ZADD', deletions, 'GT', deleted_at, string.sub(first_bytes, 7, 15)) remove(KEYS[k "
            "+ 1], first_bytes)"
        ),
    ): "The script is atomic, and these are different keys.",
    MutantKey(
        "lua/remove_posts.lua",
        "",
        "calls swapped",
        "remove(KEYS[k], first_bytes) remove(KEYS[k + 1], first_bytes)",
        "remove(KEYS[k + 1], first_bytes) remove(KEYS[k], first_bytes)",
    ): "The script is atomic, and these are different keys.",
    MutantKey(
        "lua/remove_posts.lua",
        "",
        "calls swapped",
        "trim(deletions) redis.call('EXPIRE', deletions, ttl)",
        "redis.call('EXPIRE', deletions, ttl) trim(deletions)",
    ): "The set is not empty after the ZADD before.",
    MutantKey(
        "lua/remove_posts.lua",
        "",
        "constant off by one",
        "redis.call('ZADD', deletions, 'GT', deleted_at, string.sub(first_bytes, 7, 15))",
        "redis.call('ZADD', deletions, 'GT', deleted_at, string.sub(first_bytes, 7, 16))",
    ): "The first bytes of a member are fifteen.",
    MutantKey(
        "lua/write_layout.lua",
        "",
        "comparison flipped",
        "if tonumber(redis.call('HGET', meta, 'retention_seconds')) < tonumber(ARGV[4]) then",
        "if tonumber(redis.call('HGET', meta, 'retention_seconds')) <= tonumber(ARGV[4]) then",
    ): "The retention that is held is written again.",
    MutantKey(
        "lua/add_posts.lua",
        "time_of",
        "constant off by one",
        "local function time_of(score) return tonumber(score or -1) end",
        "local function time_of(score) return tonumber(score or -2) end",
    ): "Times of posts and deletions are above 0, and so is the oldest that counts.",
    MutantKey(
        "lua/add_posts.lua",
        "time_of",
        "constant off by one",
        "local function time_of(score) return tonumber(score or -1) end",
        "local function time_of(score) return tonumber(score or -0) end",
    ): "Times of posts and deletions are above 0, and so is the oldest that counts.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "comparison flipped",
        "if size > cap and may_drop_surplus then",
        "if size >= cap and may_drop_surplus then",
    ): "A set of the size of the cap has no surplus.",
    MutantKey(
        "lua/claim_posts.lua", "create", "constant off by one", "return sub(record, 1, 1)", "return sub(record, 0, 1)"
    ): "The first character has the number 1; 0 names it, too.",
    MutantKey(
        "lua/claim_posts.lua", "create", "constant off by one", "return sub(stored, 1, 5)", "return sub(stored, 0, 5)"
    ): "The first character has the number 1; 0 names it, too.",
    MutantKey(
        "lua/claim_posts.lua",
        "create",
        "constant off by one",
        "return sub(stored, 14, 19) == sub(record, 14, 19) and sub(stored, 1, 1) or '\\0'",
        "return sub(stored, 14, 19) == sub(record, 14, 19) and sub(stored, 0, 1) or '\\0'",
    ): "The first character has the number 1; 0 names it, too.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "comparison flipped",
        "if call('EXISTS', unpack(KEYS, entries + 1, 2 * entries)) > 0 then",
        "if call('EXISTS', unpack(KEYS, entries + 1, 2 * entries)) >= 0 then",
    ): "Where no author has deletions, the guard finds none: it costs calls.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "constant off by one",
        "if call('EXISTS', unpack(KEYS, entries + 1, 2 * entries)) > 0 then",
        "if call('EXISTS', unpack(KEYS, entries + 1, 2 * entries)) > -1 then",
    ): "Where no author has deletions, the guard finds none: it costs calls.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "constant off by one",
        "if call('EXISTS', unpack(KEYS, entries + 1, 2 * entries)) > 0 then",
        "if call('EXISTS', unpack(KEYS, entries + 0, 2 * entries)) > 0 then",
    ): "Where no author has deletions, the guard finds none: it costs calls.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "comparison flipped",
        "if size > 1 then -- a trim leaves one: a set that is made again would have no TTL",
        "if size >= 1 then -- a trim leaves one: a set that is made again would have no TTL",
    ): "Nothing is removed of a set of one.",
    MutantKey(
        "lua/add_posts.lua",
        "",
        "constant off by one",
        "if size > 1 then -- a trim leaves one: a set that is made again would have no TTL",
        "if size > 0 then -- a trim leaves one: a set that is made again would have no TTL",
    ): "Nothing is removed of a set of one.",
    MutantKey(
        "lua/sweep_hashes.lua",
        "",
        "comparison flipped",
        "local entries = size > most and call('HRANDFIELD', key, most, 'WITHVALUES') or call('HGETALL', key)",
        "local entries = size >= most and call('HRANDFIELD', key, most, 'WITHVALUES') or call('HGETALL', key)",
    ): "A sample of this size is the whole hash.",
    MutantKey(
        "lua/sweep_hashes.lua",
        "time_of",
        "constant off by one",
        "local first, second, third, fourth = byte(record, 2, 5)",
        "local first, second, third, fourth = byte(record, 2, 6)",
    ): "The fifth byte has no name.",
    MutantKey(
        "ingest/write/key_table.py", "", "constant off by one", "MOST_KEYS = 65_536", "MOST_KEYS = 65537"
    ): "Tables of this size are not filled in tests; one key more or less is no difference.",
    MutantKey(
        "ingest/write/key_table.py", "", "constant off by one", "MOST_KEYS = 65_536", "MOST_KEYS = 65535"
    ): "Tables of this size are not filled in tests; one key more or less is no difference.",
}
