-- Read records of posts.
-- KEYS   per post: its hash
-- ARGV   per post: its id
-- Returns the records in order, false where there is none
local records = {}
for i, key in ipairs(KEYS) do records[i] = redis.call('HGET', key, ARGV[i]) end
return records
