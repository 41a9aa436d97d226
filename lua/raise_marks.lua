-- Raise the marks of a bucket: everything below the new offsets is in it. Refuses what the worker did not find true.
-- KEYS   marks of the bucket
-- ARGV   1 stamp of the node, then per partition: field, offset that is held at least, new offset, new settled offset
--        (layout: common/store/marks.py)
-- Returns the fields that are refused, unchanged: the mark is missing, has another stamp or a lower offset
local marks, stamp = KEYS[1], ARGV[1]
local refused, raised = {}, {}
local function larger(a, b) return tonumber(b) > tonumber(a) and b or a end

for i = 2, #ARGV, 4 do
  local held = redis.call('HGET', marks, ARGV[i]) or ''
  local offset, held_stamp, whole_at, settled = string.match(held, '^(%d+)|(%w*)|(%d+)|(%d+)$')
  if held_stamp ~= stamp or tonumber(offset) < tonumber(ARGV[i + 1]) then
    refused[#refused + 1] = ARGV[i]
  else
    local mark = { larger(offset, ARGV[i + 2]), stamp, whole_at, larger(settled, ARGV[i + 3]) }
    local value = table.concat(mark, '|')
    if value ~= held then raised[#raised + 1], raised[#raised + 2] = ARGV[i], value end
  end
end
if #raised > 0 then redis.call('HSET', marks, unpack(raised)) end
return refused
