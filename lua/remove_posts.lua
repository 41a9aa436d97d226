-- Step 2 of a delete: take posts out of their authors' sets, and refuse them from now on. Idempotent.
-- KEYS   per post: posts, videos, deletions of its author
-- ARGV   1 oldest created_at that counts (Unix s), 2 slack of the trim (s), 3 TTL (s), then per post: created_at, encoded id
-- Returns the number of posts
local trim_before, ttl = '(' .. ARGV[1] - ARGV[2], ARGV[3]

local function remove(key, created_at, id)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, created_at, created_at)) do
    if string.sub(member, 7, 15) == id then redis.call('ZREM', key, member) end
  end
end

for k = 1, #KEYS, 3 do
  local at = 4 + (k - 1) / 3 * 2
  local created_at, id, deletions = ARGV[at], ARGV[at + 1], KEYS[k + 2]
  remove(KEYS[k], created_at, id)
  remove(KEYS[k + 1], created_at, id)
  redis.call('ZADD', deletions, 'GT', created_at, id)
  redis.call('ZREMRANGEBYSCORE', deletions, '-inf', trim_before)
  redis.call('EXPIRE', deletions, ttl)
end
return #KEYS / 3
