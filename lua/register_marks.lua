-- Register partitions whose marks are in every bucket, and forget those that no worker has had for long.
-- KEYS   meta hash
-- ARGV   1 lineage of the marks, 2 oldest time that counts (Unix s), 3 number of fields to forget, the fields to forget,
--        then fields to set and their values ("" = the time now)
-- Returns 1, or 0 when the store has another lineage: nothing is changed then
local meta = KEYS[1]
if redis.call('HGET', meta, 'lineage') ~= ARGV[1] then return 0 end
local now, first = redis.call('TIME')[1], 4 + ARGV[3]
for i = 4, first - 1 do
  if tonumber(redis.call('HGET', meta, ARGV[i]) or now) < tonumber(ARGV[2]) then redis.call('HDEL', meta, ARGV[i]) end
end
for i = first, #ARGV, 2 do
  redis.call('HSET', meta, ARGV[i], ARGV[i + 1] == '' and now or ARGV[i + 1])
end
return 1
