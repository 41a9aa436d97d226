-- Step 2 of a create: put claimed posts into their authors' sets, trim the sets. Idempotent.
-- KEYS   per post: posts of its author, per video: videos of its author; in the same order: deletions of these authors;
--        then the sets whose TTL and trim are due
-- ARGV   1 oldest created_at that counts (Unix s), 2 slack of the trim (s), 3 TTL (s), 4 cap of each list,
--        5 most entries that a trim removes, 6 number of posts, then per post and per video: created_at, member
-- Returns the members of posts that the author's own erasure refuses
local oldest, trim_before, ttl, cap = tonumber(ARGV[1]), '(' .. ARGV[1] - ARGV[2], ARGV[3], tonumber(ARGV[4])
local most, posts, entries = tonumber(ARGV[5]), tonumber(ARGV[6]), (#ARGV - 6) / 2
local call = redis.call
local NEWEST_TAG = 0x58 -- members that end in a higher byte are of a newer version: what they are is not known here
local may_drop_surplus = true -- of one set in a call: it reads two caps of members
local refused = {}

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
  local times = call('ZMSCORE', KEYS[entries + number], 'erased_at', 'erased_through', string.sub(member, 7, 15))
  if time_of(times[1]) >= oldest and tonumber(created_at) <= time_of(times[2]) then
    if number <= posts then refused[#refused + 1] = member end
    return true
  end
  return time_of(times[3]) >= oldest
end

-- Its author has deletions. A set that has one member may have been emptied by them: it has no TTL then.
local function add_guarded(number, created_at, member)
  if is_kept_out(number, created_at, member) then return end
  local key = KEYS[number]
  if call('ZADD', key, created_at, member) == 1 and call('ZCARD', key) == 1 then call('EXPIRE', key, ttl) end
end

-- with_deletions: number of these entries whose authors have deletions. They alone are guarded: a part with some is halved.
local function add(first, last, with_deletions)
  if with_deletions > 0 and with_deletions <= last - first then
    local middle = math.floor((first + last) / 2)
    local of_first_half = call('EXISTS', unpack(KEYS, entries + first, entries + middle))
    add(first, middle, of_first_half)
    return add(middle + 1, last, with_deletions - of_first_half)
  end
  for i = first, last do
    if with_deletions > 0 then
      add_guarded(i, ARGV[2 * i + 5], ARGV[2 * i + 6])
    else
      call('ZADD', KEYS[i], ARGV[2 * i + 5], ARGV[2 * i + 6])
    end
  end
end

add(1, entries, call('EXISTS', unpack(KEYS, entries + 1, 2 * entries)))
for i = posts + 1, entries do remove_oldest(KEYS[i], call('ZCARD', KEYS[i]) - cap) end
for i = 2 * entries + 1, #KEYS do
  local key, size = KEYS[i], call('ZCARD', KEYS[i])
  if size > 1 then -- a trim leaves one: a set that is made again would have no TTL
    remove_oldest(key, math.min(call('ZCOUNT', key, '-inf', trim_before), size - 1))
  end
  if size > cap and may_drop_surplus then
    may_drop_surplus = false
    drop_surplus(key)
  end
  call('EXPIRE', key, ttl)
end
return refused
