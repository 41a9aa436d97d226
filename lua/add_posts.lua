-- Step 2 of a create: put claimed posts into their authors' sets, trim the sets. Idempotent.
-- KEYS   per author: posts, videos, deletions
-- ARGV   1 oldest created_at that counts (Unix s), 2 slack of the trim (s), 3 TTL (s), 4 cap of each list,
--        5 most entries that a trim removes, then per author: number of posts, and per post: created_at, member,
--        "1" when listed among the videos
-- Returns the members that the author's own erasure refuses
local oldest, trim_before, ttl, cap = tonumber(ARGV[1]), '(' .. ARGV[1] - ARGV[2], ARGV[3], tonumber(ARGV[4])
local most = tonumber(ARGV[5])
local STEP = 128 -- a full set is trimmed once in this number of posts
local NEWEST_TAG = 0x58 -- members that end in a higher byte are of a newer version: what they are is not known here
local may_drop_surplus = true -- of one set in a call: it reads two caps of members
local refused, at = {}, 6

local function kind_of(member)
  local tag = string.byte(member, -1)
  if tag > NEWEST_TAG then return 'newer' end
  return (tag == 0x30 or tag == 0x38) and 'secondary' or 'original'
end

-- No more than two caps of these members are to be kept: a set that is far too large shrinks with each call, which
-- removes more than it added.
local function drop_surplus(key)
  local seen, surplus = { original = 0, secondary = 0, newer = -math.huge }, {}
  for _, member in ipairs(redis.call('ZREVRANGE', key, 0, 2 * cap + 2 * most - 1)) do
    local kind = kind_of(member)
    seen[kind] = seen[kind] + 1
    if seen[kind] > cap then surplus[#surplus + 1] = member end
  end
  if #surplus > 0 then redis.call('ZREM', key, unpack(surplus, math.max(1, #surplus - 2 * most + 1))) end
end

local function remove_oldest(key, count)
  if count > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(count, most) - 1) end
end

local function add(key, entries)
  if #entries == 0 then return 0 end
  local added = redis.call('ZADD', key, unpack(entries))
  remove_oldest(key, redis.call('ZCOUNT', key, '-inf', trim_before))
  redis.call('EXPIRE', key, ttl)
  return added
end

local function add_posts(key, entries)
  local added = add(key, entries)
  local size = added > 0 and redis.call('ZCARD', key) or 0
  if may_drop_surplus and size > cap and math.floor(size / STEP) > math.floor((size - added) / STEP) then
    may_drop_surplus = false
    drop_surplus(key)
  end
end

local function add_videos(key, entries)
  if add(key, entries) > 0 then remove_oldest(key, redis.call('ZCARD', key) - cap) end
end

for k = 1, #KEYS, 3 do
  local deletions = KEYS[k + 2]
  local guarded, erased_through = redis.call('EXISTS', deletions) == 1, -1
  if guarded and tonumber(redis.call('ZSCORE', deletions, 'erased_at') or -1) >= oldest then
    erased_through = tonumber(redis.call('ZSCORE', deletions, 'erased_through') or -1)
  end
  local posts, videos, count = {}, {}, tonumber(ARGV[at])
  for i = at + 1, at + 3 * count, 3 do
    local created_at, member = ARGV[i], ARGV[i + 1]
    local id = string.sub(member, 7, 15)
    if tonumber(created_at) <= erased_through then
      refused[#refused + 1] = member
    elseif not guarded or tonumber(redis.call('ZSCORE', deletions, id) or -1) < oldest then
      posts[#posts + 1], posts[#posts + 2] = created_at, member
      if ARGV[i + 2] == '1' then videos[#videos + 1], videos[#videos + 2] = created_at, member end
    end
  end
  add_posts(KEYS[k], posts)
  add_videos(KEYS[k + 1], videos)
  at = at + 1 + 3 * count
end
return refused
