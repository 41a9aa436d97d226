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
        "add",
        "comparison flipped",
        "if with_deletions > 0 and with_deletions <= last - first then",
        "if with_deletions > 0 and with_deletions < last - first then",
    ): "Where one author of a part has no deletions, the guard finds none: asking costs as much.",
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
    MutantKey(
        "serve/overload/slot.py",
        "Slot.hold_until",
        "calls swapped",
        "self._late.add(task) task.add_done_callback(self._arrived)",
        "task.add_done_callback(self._arrived) self._late.add(task)",
    ): "A callback runs in a later iteration of the loop.",
    MutantKey(
        "ingest/decode/create_rules.py", "drop_reason", "statement dropped", "return None", "pass"
    ): "A function that ends returns None.",
    MutantKey(
        "ingest/decode/tweet_transform.py",
        "is_video",
        "constant off by one",
        'video = media[0].get("media_info", {}).get("video_info", {})',
        'video = media[-1].get("media_info", {}).get("video_info", {})',
    ): "There is one item.",
    MutantKey(
        "ingest/decode/tweet_transform.py",
        "is_video",
        "constant off by one",
        'return video.get("duration_millis", 0) >= MIN_VIDEO_MILLIS',
        'return video.get("duration_millis", 1) >= MIN_VIDEO_MILLIS',
    ): "No such duration is that of a video.",
    MutantKey(
        "ingest/decode/tweet_transform.py",
        "is_video",
        "constant off by one",
        'return video.get("duration_millis", 0) >= MIN_VIDEO_MILLIS',
        'return video.get("duration_millis", -1) >= MIN_VIDEO_MILLIS',
    ): "No such duration is that of a video.",
    MutantKey(
        "common/store/record.py",
        "live_record",
        "constant off by one",
        "parent = _ID.unpack_from(held, _PARENT_AT)[0] if len(held) > _PARENT_AT else None",
        "parent = _ID.unpack_from(held, _PARENT_AT)[-1] if len(held) > _PARENT_AT else None",
    ): "The tuple has one element.",
    MutantKey(
        "common/store/marks.py", "parse_mark", "error swallowed", "return None", "pass"
    ): "A function that ends returns None.",
    MutantKey(
        "common/store/marks.py", "", "constant off by one", "LEFT_OVER_SECONDS = 3600", "LEFT_OVER_SECONDS = 3601"
    ): "An hour after the retention is as good as a second more or less.",
    MutantKey(
        "common/store/marks.py", "", "constant off by one", "LEFT_OVER_SECONDS = 3600", "LEFT_OVER_SECONDS = 3599"
    ): "An hour after the retention is as good as a second more or less.",
    MutantKey(
        "serve/timeline/filters.py",
        "Rules._exceeds_a_cap",
        "comparison flipped",
        "return secondary > min(caps.secondary, caps.scan) or len(members) - secondary > min(caps.original, caps.scan)",
        (
            "return secondary >= min(caps.secondary, caps.scan) or len(members) - secondary > "
            "min(caps.original, caps.scan)"
        ),
    ): "An author at a cap is not cut by it, whether it is counted or not.",
    MutantKey(
        "serve/timeline/filters.py",
        "Rules._exceeds_a_cap",
        "comparison flipped",
        "return secondary > min(caps.secondary, caps.scan) or len(members) - secondary > min(caps.original, caps.scan)",
        (
            "return secondary > min(caps.secondary, caps.scan) or len(members) - secondary >= "
            "min(caps.original, caps.scan)"
        ),
    ): "An author at a cap is not cut by it, whether it is counted or not.",
    MutantKey(
        "serve/timeline/filters.py", "_Quota", "statement dropped", '__slots__ = ("kept", "scanned", "seen")', "pass"
    ): "Slots only save memory.",
    MutantKey(
        "serve/timeline/filters.py",
        "_encoded",
        "constant off by one",
        "@lru_cache(maxsize=4) # the same set in every request, until its file changes",
        "@lru_cache(maxsize=5) # the same set in every request, until its file changes",
    ): "The size of a cache changes no answer.",
    MutantKey(
        "serve/timeline/filters.py",
        "_encoded",
        "constant off by one",
        "@lru_cache(maxsize=4) # the same set in every request, until its file changes",
        "@lru_cache(maxsize=3) # the same set in every request, until its file changes",
    ): "The size of a cache changes no answer.",
    MutantKey(
        "serve/timeline/filters.py",
        "Rules.close_parent",
        "calls swapped",
        "self.add_parent(parent, None) self._lost_parents.add(parent)",
        "self._lost_parents.add(parent) self.add_parent(parent, None)",
    ): "The two collections do not depend on each other.",
    MutantKey(
        "serve/overload/admission.py", "Ticket", "statement dropped", '__slots__ = ("caller", "cost")', "pass"
    ): "Slots only save memory.",
    MutantKey(
        "serve/overload/admission.py", "Admission.open_call", "statement dropped", "return None", "pass"
    ): "A function that ends returns None.",
    MutantKey(
        "serve/overload/admission.py",
        "Admission._takes_answers",
        "constant off by one",
        "held = self._unsent_of.get(caller, 0)",
        "held = self._unsent_of.get(caller, -1)",
    ): "More bytes of answers than there is room for are rejected before.",
    MutantKey(
        "serve/overload/admission.py",
        "Admission._is_fair",
        "constant off by one",
        "if callers == 1 or self.units + cost.units <= self._capacity.units * SHARED_FROM:",
        "if callers == 0 or self.units + cost.units <= self._capacity.units * SHARED_FROM:",
    ): "The share of a lone caller is all of the capacity, which has room for the request.",
    MutantKey(
        "serve/overload/fair_queue.py",
        "FairQueue.charge",
        "comparison flipped",
        "elif len(self._callers) > self._most_callers:",
        "elif len(self._callers) >= self._most_callers:",
    ): "When idle callers are forgotten changes no order.",
    MutantKey(
        "serve/overload/fair_queue.py",
        "FairQueue._forget_idle",
        "comparison flipped",
        "idle = [name for name, waits in self._callers.items() if waits.key is None and waits.clock <= start]",
        "idle = [name for name, waits in self._callers.items() if waits.key is None and waits.clock < start]",
    ): "A caller at the start is where it would begin again.",
    MutantKey(
        "serve/overload/fair_queue.py",
        "_Caller",
        "statement dropped",
        '__slots__ = ("clock", "key", "new", "started")',
        "pass",
    ): "Slots only save memory.",
    MutantKey(
        "serve/overload/fair_queue.py", "FairQueue.forget", "statement dropped", "self._order.clear()", "pass"
    ): "Entries whose keys no caller has are passed over.",
    MutantKey(
        "serve/overload/fair_queue.py", "FairQueue.forget", "statement dropped", "self._present = 0.0", "pass"
    ): "Clocks are only compared with each other.",
    MutantKey(
        "serve/overload/fair_queue.py",
        "FairQueue._forget_idle",
        "statement dropped",
        "self._most_callers = max(_IDLE_CALLERS, 2 * len(self._callers))",
        "pass",
    ): "When idle callers are forgotten changes no order.",
    MutantKey(
        "serve/overload/fair_queue.py",
        "FairQueue._forget_idle",
        "constant off by one",
        "self._most_callers = max(_IDLE_CALLERS, 2 * len(self._callers))",
        "self._most_callers = max(_IDLE_CALLERS, 3 * len(self._callers))",
    ): "When idle callers are forgotten changes no order.",
    MutantKey(
        "serve/overload/fair_queue.py",
        "FairQueue._forget_idle",
        "constant off by one",
        "self._most_callers = max(_IDLE_CALLERS, 2 * len(self._callers))",
        "self._most_callers = max(_IDLE_CALLERS, 1 * len(self._callers))",
    ): "When idle callers are forgotten changes no order.",
    MutantKey(
        "serve/overload/fair_queue.py", "", "constant off by one", "_IDLE_CALLERS = 256", "_IDLE_CALLERS = 257"
    ): "When idle callers are forgotten changes no order.",
    MutantKey(
        "serve/overload/fair_queue.py", "", "constant off by one", "_IDLE_CALLERS = 256", "_IDLE_CALLERS = 255"
    ): "When idle callers are forgotten changes no order.",
    MutantKey(
        "serve/timeline/read_plan.py",
        "_entries_since",
        "constant off by one",
        "return max(0, now - time) // SECONDS_PER_ENTRY",
        "return max(1, now - time) // SECONDS_PER_ENTRY",
    ): "A second is no entry.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "SHALLOWEST = 4", "SHALLOWEST = 5"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "SHALLOWEST = 4", "SHALLOWEST = 3"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "SECONDS_PER_ENTRY = 1800", "SECONDS_PER_ENTRY = 1801"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "SECONDS_PER_ENTRY = 1800", "SECONDS_PER_ENTRY = 1799"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "GROWTH = 4", "GROWTH = 5"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "GROWTH = 4", "GROWTH = 3"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "AUTHORS_PER_PART = 250", "AUTHORS_PER_PART = 251"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "ENTRIES_PER_PART = 2400", "ENTRIES_PER_PART = 2401"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "ENTRIES_PER_PART = 2400", "ENTRIES_PER_PART = 2399"
    ): "A guess at what is fast: no answer depends on it.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "MAX_ENTRY_BYTES = 96", "MAX_ENTRY_BYTES = 97"
    ): "An upper bound, which no entry comes near.",
    MutantKey(
        "serve/timeline/read_plan.py", "", "constant off by one", "MAX_ENTRY_BYTES = 96", "MAX_ENTRY_BYTES = 95"
    ): "An upper bound, which no entry comes near.",
    MutantKey(
        "serve/overload/admission.py",
        "",
        "constant off by one",
        "_PAYLOAD_BYTES_PER_UNIT = 10_000",
        "_PAYLOAD_BYTES_PER_UNIT = 10001",
    ): "An estimate, which the true cost replaces.",
    MutantKey(
        "serve/overload/admission.py",
        "",
        "constant off by one",
        "_PAYLOAD_BYTES_PER_UNIT = 10_000",
        "_PAYLOAD_BYTES_PER_UNIT = 9999",
    ): "An estimate, which the true cost replaces.",
    MutantKey(
        "serve/overload/admission.py",
        "Capacity",
        "constant off by one",
        "unread_calls: int = 1000",
        "unread_calls: int = 1001",
    ): "One call more or less of a thousand is no difference.",
    MutantKey(
        "serve/overload/admission.py",
        "Capacity",
        "constant off by one",
        "unread_calls: int = 1000",
        "unread_calls: int = 999",
    ): "One call more or less of a thousand is no difference.",
    MutantKey(
        "ingest/decode/thrift_protocol.py",
        "read_count",
        "comparison flipped",
        "if count > len(payload) - position:",
        "if count >= len(payload) - position:",
    ): "The size takes four of these bytes itself.",
    MutantKey(
        "ingest/decode/thrift_protocol.py",
        "skip",
        "constant off by one",
        "return position + 4 + read_size(payload, position)[0]",
        "return position + 4 + read_size(payload, position)[-1]",
    ): "The tuple has one element.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.add_author",
        "comparison flipped",
        "if members and max(map(_LAST_BYTE, members)) > NEWEST_TAG:",
        "if members and max(map(_LAST_BYTE, members)) >= NEWEST_TAG:",
    ): "Without newer members nothing is left out.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.add_author",
        "comparison flipped",
        "if len(readable) > self._rules.smallest_cap:",
        "if len(readable) >= self._rules.smallest_cap:",
    ): "An author at a cap is not cut by it, whether it is counted or not.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.may_have_more",
        "comparison flipped",
        "return undecided is not None and (end is None or undecided < end)",
        "return undecided is not None and (end is None or undecided <= end)",
    ): "What has passed, or a place, is no undecided member.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge._without_newer",
        "comparison flipped",
        "live = {member[_IDENTITY] for member in members if member >= self._floor}",
        "live = {member[_IDENTITY] for member in members if member > self._floor}",
    ): "A member is longer than the floor.",
    MutantKey(
        "serve/timeline/merge.py",
        "_page_start",
        "comparison flipped",
        "if before is None or before.created_at > LATEST_TIME:",
        "if before is None or before.created_at >= LATEST_TIME:",
    ): "No post is as late.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.sort_part",
        "statement dropped",
        "part = self._members[self._sorted :]",
        "pass",
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py", "Merge.sort_part", "statement dropped", "part.sort(reverse=True)", "pass"
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.sort_part",
        "statement dropped",
        "self._members[self._sorted :] = part",
        "pass",
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py", "Merge.sort_part", "statement dropped", "self._sorted = len(self._members)", "pass"
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py", "Merge.run", "statement dropped", "self._sorted = len(self._members)", "pass"
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.__init__",
        "constant off by one",
        "self._sorted = 0 # members up to here were put in order, part by part",
        "self._sorted = 1 # members up to here were put in order, part by part",
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge.__init__",
        "constant off by one",
        "self._sorted = 0 # members up to here were put in order, part by part",
        "self._sorted = -1 # members up to here were put in order, part by part",
    ): "Everything is sorted again before it is merged.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge._begin",
        "statement dropped",
        "self._pass.rewind(self._members, self._newest_new)",
        "pass",
    ): "What is looked at twice has the same outcome.",
    MutantKey(
        "serve/timeline/merge.py", "Merge._begin", "statement dropped", 'self._newest_new = b""', "pass"
    ): "What is looked at twice has the same outcome.",
    MutantKey(
        "serve/timeline/merge.py",
        "_Pass.rewind",
        "statement dropped",
        "self._waiting.intersection_update(self._candidates)",
        "pass",
    ): "More is looked at than needed, and not shown.",
    MutantKey(
        "serve/timeline/merge.py", "Merge.run", "constant off by one", "self._go_on(most + 1)", "self._go_on(most + 2)"
    ): "More is looked at than needed, and not shown.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge._count_newer",
        "constant off by one",
        "_Pass().go_on(newer, author_of, len(newer), len(newer) + 1, self._rules)",
        "_Pass().go_on(newer, author_of, len(newer), len(newer) + 2, self._rules)",
    ): "No more can pass than there are.",
    MutantKey(
        "serve/timeline/merge.py",
        "Merge._count_newer",
        "constant off by one",
        "_Pass().go_on(newer, author_of, len(newer), len(newer) + 1, self._rules)",
        "_Pass().go_on(newer, author_of, len(newer), len(newer) + 0, self._rules)",
    ): "No more can pass than there are.",
    MutantKey(
        "serve/timeline/merge.py",
        "_Pass.rewind",
        "constant off by one",
        "self.examined = _up_to(newest_new, members) - 1",
        "self.examined = _up_to(newest_new, members) - 2",
    ): "What is looked at twice has the same outcome.",
    MutantKey(
        "serve/timeline/merge.py",
        "",
        "constant off by one",
        "_IDENTITY = slice(0, 15) # created_at and post_id",
        "_IDENTITY = slice(0, 16) # created_at and post_id",
    ): "The byte behind the post id is the same in all members.",
    MutantKey(
        "serve/timeline/merge.py", "", "constant off by one", "_LAST_ID_BYTE = 14", "_LAST_ID_BYTE = 13"
    ): "A quick look, before all bytes are compared.",
    MutantKey(
        "ingest/decode/thrift_struct.py",
        "_read_string",
        "comparison flipped",
        "if end > len(payload):",
        "if end >= len(payload):",
    ): "A struct does not end in a string: a zero byte follows.",
    MutantKey(
        "ingest/decode/thrift_struct.py",
        "_read_string",
        "constant off by one",
        "end = start + read_size(payload, position)[0]",
        "end = start + read_size(payload, position)[-1]",
    ): "The tuple has one element.",
    MutantKey(
        "ingest/write/write_plan.py", "", "constant off by one", "TRIM_EVERY = 64", "TRIM_EVERY = 65"
    ): "A set is trimmed on average; one post more or less between two times is no difference.",
    MutantKey(
        "ingest/write/write_plan.py", "", "constant off by one", "TRIM_EVERY = 64", "TRIM_EVERY = 63"
    ): "A set is trimmed on average; one post more or less between two times is no difference.",
    MutantKey(
        "ingest/write/write_plan.py", "", "constant off by one", "SWEEP_EVERY = 32", "SWEEP_EVERY = 33"
    ): "A hash is swept on average; one post more or less between two times is no difference.",
    MutantKey(
        "ingest/write/write_plan.py", "", "constant off by one", "SWEEP_EVERY = 32", "SWEEP_EVERY = 31"
    ): "A hash is swept on average; one post more or less between two times is no difference.",
    MutantKey(
        "ingest/write/write_plan.py",
        "CallPlanner._groups",
        "constant off by one",
        "return {0: [*items]}",
        "return {1: [*items]}",
    ): "A server alone holds every bucket.",
    MutantKey(
        "ingest/write/write_plan.py",
        "CallPlanner._groups",
        "constant off by one",
        "return {0: [*items]}",
        "return {-1: [*items]}",
    ): "A server alone holds every bucket.",
    MutantKey(
        "ingest/write/write_plan.py", "split_by_holder", "statement dropped", "return rows, ()", "pass"
    ): "The same comes out of the pairs, more slowly.",
    MutantKey(
        "ingest/write/key_table.py", "", "constant off by one", "REFRESH_SECONDS = 1800", "REFRESH_SECONDS = 1801"
    ): "Hours are left of a TTL when it is refreshed; a second is no difference.",
    MutantKey(
        "ingest/write/key_table.py", "", "constant off by one", "REFRESH_SECONDS = 1800", "REFRESH_SECONDS = 1799"
    ): "Hours are left of a TTL when it is refreshed; a second is no difference.",
}
