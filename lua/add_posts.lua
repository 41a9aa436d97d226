-- Step 2 of a create: put claimed posts into their authors' sets, trim the sets. Idempotent.
-- KEYS   per post: posts and deletions of its author; per video: videos and deletions of its author; then the sets whose
--        TTL and trim are due
-- ARGV   1 oldest created_at that counts (Unix s), 2 slack of the trim (s), 3 TTL (s), 4 cap of each list,
--        5 most entries that a trim removes, 6 number of posts, then per post and per video: created_at, member
-- Returns the members of posts that the author's own erasure refuses
local oldest, trim_before, ttl, cap = tonumber(ARGV[1]), '(' .. ARGV[1] - ARGV[2], ARGV[3], tonumber(ARGV[4])
local most, posts, entries = tonumber(ARGV[5]), tonumber(ARGV[6]), (#ARGV - 6) / 2
local call = redis.call
local STEP = 128 -- a full set is trimmed once in this number of posts
local NEWEST_TAG = 0x58 -- members that end in a higher byte are of a newer version: what they are is not known here
local may_drop_surplus = true -- of one set in a call: it reads two caps of members
local refused, deletions = {}, {}

local function kind_of(member)
  local tag = string.byte(member, -1)
  if tag > NEWEST_TAG then return 'newer' end
  return (tag == 0x30 or tag == 0x38) and 'secondary' or 'original'
end

-- No more than two caps of these members are to be kept: a set that is far too large shrinks with each call, which
-- removes more than it added.
local function drop_surplus(key)
  local seen, surplus = { original = 0, secondary = 0, newer = -math.huge }, {}
  for _, member in ipairs(call('ZREVRANGE', key, 0, 2 * cap + 2 * most - 1)) do
    local kind = kind_of(member)
    seen[kind] = seen[kind] + 1
    if seen[kind] > cap then surplus[#surplus + 1] = member end
  end
  if #surplus > 0 then call('ZREM', key, unpack(surplus, math.max(1, #surplus - 2 * most + 1))) end
end

local function remove_oldest(key, count)
  if count > 0 then call('ZREMRANGEBYRANK', key, 0, math.min(count, most) - 1) end
end

local function time_of(score) return tonumber(score or -1) end

local function is_kept_out(number, created_at, member)
  local times = call('ZMSCORE', deletions[number], 'erased_at', 'erased_through', string.sub(member, 7, 15))
  if time_of(times[1]) >= oldest and tonumber(created_at) <= time_of(times[2]) then
    if number <= posts then refused[#refused + 1] = member end
    return true
  end
  return time_of(times[3]) >= oldest
end

-- A set that has one member is new, or was emptied by deletes: it has no TTL.
local function add(key, created_at, member)
  local size = call('ZADD', key, created_at, member) == 1 and call('ZCARD', key) or 0
  if size == 1 then call('EXPIRE', key, ttl) end
  return size
end

for i = 1, entries do deletions[i] = KEYS[2 * i] end
local guarded = call('EXISTS', unpack(deletions)) > 0
for i = 1, entries do
  local key, created_at, member = KEYS[2 * i - 1], ARGV[2 * i + 5], ARGV[2 * i + 6]
  if not guarded or not is_kept_out(i, created_at, member) then
    local size = add(key, created_at, member)
    if i > posts then
      remove_oldest(key, size - cap)
    elseif size > cap and size % STEP == 0 and may_drop_surplus then
      may_drop_surplus = false
      drop_surplus(key)
    end
  end
end
for i = 2 * entries + 1, #KEYS do
  remove_oldest(KEYS[i], call('ZCOUNT', KEYS[i], '-inf', trim_before))
  call('EXPIRE', KEYS[i], ttl)
end
return refused
