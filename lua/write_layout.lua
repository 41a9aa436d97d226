-- Makes the layout of a store whole: creates it, completes one that was written in part, raises its retention. Atomic.
-- KEYS   meta hash
-- ARGV   1 version, 2 buckets, 3 post hashes, 4 retention (s), 5 lineage for data that is new or lost,
--        6 1 if the data is to be declared lost, else 0, then fields and values of a hash that was lost: it is written
--        again if there is none now
-- Returns the fields and values of the hash; it is unchanged where one of the first three differs
local meta, names = KEYS[1], {'version', 'buckets', 'post_hashes', 'retention_seconds', 'lineage'}
for i = 1, 3 do
  local held = redis.call('HGET', meta, names[i])
  if held and held ~= ARGV[i] then
    return redis.call('HGETALL', meta)
  end
end
if #redis.call('HGETALL', meta) == 0 then
  for i = 7, #ARGV, 2 do redis.call('HSET', meta, ARGV[i], ARGV[i + 1]) end
end
local lost = ARGV[6] == '1'
for i, name in ipairs(names) do
  lost = redis.call('HSETNX', meta, name, ARGV[i]) == 1 or lost
end
if lost then
  redis.call('HSET', meta, 'lineage', ARGV[5])
end
if tonumber(redis.call('HGET', meta, 'retention_seconds')) < tonumber(ARGV[4]) then
  redis.call('HSET', meta, 'retention_seconds', ARGV[4])
end
return redis.call('HGETALL', meta)
