-- Step 2 of a delete: take posts out of their authors' sets, and refuse them while their tombstones live. Idempotent.
-- KEYS   per post: posts, videos, deletions of its author
-- ARGV   1 oldest deletion that counts (Unix s), 2 slack of the trim (s), 3 TTL (s), 4 most entries that a trim removes,
--        then per post: first bytes of its members, and the time from which its tombstone lives (Unix s)
-- Returns the number of posts
local trim_before, ttl, most = '(' .. ARGV[1] - ARGV[2], ARGV[3], tonumber(ARGV[4])

-- Members compare as bytes like their scores, so a range of bytes is found without reading the posts of its second.
local function remove(key, first_bytes)
  redis.call('ZREMRANGEBYLEX', key, '[' .. first_bytes, '(' .. first_bytes .. '\255')
end

local function trim(key)
  local old = redis.call('ZCOUNT', key, '-inf', trim_before)
  if old > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(old, most) - 1) end
end

for k = 1, #KEYS, 3 do
  local at = 5 + (k - 1) / 3 * 2
  local first_bytes, deleted_at, deletions = ARGV[at], ARGV[at + 1], KEYS[k + 2]
  remove(KEYS[k], first_bytes)
  remove(KEYS[k + 1], first_bytes)
  redis.call('ZADD', deletions, 'GT', deleted_at, string.sub(first_bytes, 7, 15))
  trim(deletions)
  redis.call('EXPIRE', deletions, ttl)
end
return #KEYS / 3
