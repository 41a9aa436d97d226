-- Replace marks of a bucket that a worker has verified, all or none: compare and set.
-- KEYS   marks of the bucket
-- ARGV   1 a new id, 2 "1" when the bucket ceases to be whole, then per partition: field, value that is held ("" = none),
--        new value (layout: common/store/marks.py)
-- Returns the fields that hold something else: nothing is changed then
local marks, conflicts, values = KEYS[1], {}, {}
for i = 3, #ARGV, 3 do
  if (redis.call('HGET', marks, ARGV[i]) or '') ~= ARGV[i + 1] then conflicts[#conflicts + 1] = ARGV[i] end
  values[#values + 1], values[#values + 2] = ARGV[i], ARGV[i + 2]
end
if #conflicts > 0 then return conflicts end
if ARGV[2] == '1' or redis.call('EXISTS', marks) == 0 then
  values[#values + 1], values[#values + 2] = 'id', ARGV[1] -- readers of the old id ask again
end
if #values > 0 then redis.call('HSET', marks, unpack(values)) end
return conflicts
