-- Step 1 of an author delete: refuse the author's creates up to a time, name posts that it removes. Idempotent.
-- KEYS   posts, videos, deletions of the author
-- ARGV   1 oldest created_at that counts, 2 now, 3 time of the deletion (all Unix seconds), 4 TTL (s),
--        5 most members to name of each set
-- Returns the oldest members stored up to that time, those in both sets twice; none when all are removed
local posts, videos, deletions, oldest, through, most = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[3], ARGV[5]
redis.call('ZADD', deletions, 'GT', through, 'erased_through', ARGV[2], 'erased_at')
redis.call('EXPIRE', deletions, ARGV[4])
local members = redis.call('ZRANGEBYSCORE', posts, oldest, through, 'LIMIT', 0, most)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', videos, oldest, through, 'LIMIT', 0, most)) do
  members[#members + 1] = member
end
return members
