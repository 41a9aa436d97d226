-- Step 1 of an author delete: refuse the author's creates up to a time, name the posts that it removes. Idempotent.
-- KEYS   posts, videos, deletions of the author
-- ARGV   1 now, 2 time of the deletion (both Unix seconds), 3 TTL (s)
-- Returns the members stored up to that time, those in both sets twice
local posts, videos, deletions = KEYS[1], KEYS[2], KEYS[3]
redis.call('ZADD', deletions, 'GT', ARGV[2], 'erased_through', ARGV[1], 'erased_at')
redis.call('EXPIRE', deletions, ARGV[3])
local members = redis.call('ZRANGEBYSCORE', posts, '-inf', ARGV[2])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', videos, '-inf', ARGV[2])) do
  members[#members + 1] = member
end
return members
