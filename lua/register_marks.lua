-- Register partitions whose marks are in every bucket, and forget those that no worker has had for long.
-- KEYS   meta hash
-- ARGV   1 lineage of the marks, 2 oldest time that counts (Unix s), 3 number of fields to forget, the fields to forget,
--        then the fields to register
-- Returns 1, or 0 when the store has another lineage: nothing is changed then
local meta = KEYS[1]
if redis.call('HGET', meta, 'lineage') ~= ARGV[1] then return 0 end
local now, first = redis.call('TIME')[1], 4 + ARGV[3]
for i = 4, #ARGV do
  if i >= first then
    redis.call('HSET', meta, ARGV[i], now)
  elseif tonumber(redis.call('HGET', meta, ARGV[i]) or now) < tonumber(ARGV[2]) then
    redis.call('HDEL', meta, ARGV[i])
  end
end
return 1
