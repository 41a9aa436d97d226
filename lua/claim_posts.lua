-- Step 1 of a write: claim post ids, or mark them deleted. Idempotent; the first create of an id wins, a delete wins over it.
-- KEYS   per event, in order: the post hash
-- ARGV   1 oldest time that counts, 2 now (both Unix seconds), 3 TTL of a hash (s), then per event: post id,
--        and the record of a create or "" for a delete (layout: common/store/record.py)
-- Returns one string, per event: for a create 1 byte: flags of the record that holds, "\0" when another create holds the
--        id, "\1" when deleted, and then 4 bytes: the time from which the tombstone lives; for a delete 16 bytes: author
--        and created_at, zeros when unknown, and that time
local oldest, now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local SWEPT_ENTRIES = 512 -- of a hash at once: all of one whose size is as planned, a sample of a larger one
local sweeps_left = 4
local UNKNOWN = string.rep('\0', 12)
local function time_of(record) return struct.unpack('>I4', record, 2) end
local function is_tombstone(record) return string.byte(record) % 2 == 1 end

local function sweep(key, size)
  local entries = size > SWEPT_ENTRIES and redis.call('HRANDFIELD', key, SWEPT_ENTRIES, 'WITHVALUES')
    or redis.call('HGETALL', key)
  local expired = {}
  for i = 1, #entries, 2 do
    if time_of(entries[i + 1]) < oldest then expired[#expired + 1] = entries[i] end
  end
  if #expired > 0 then redis.call('HDEL', key, unpack(expired)) end
end

local function sweep_when_due(key)
  local size = redis.call('HLEN', key)
  if size % 64 == 0 and sweeps_left > 0 then
    sweeps_left = sweeps_left - 1
    sweep(key, size)
  end
end

local function create(key, id, stored, record)
  if not stored or time_of(stored) < oldest then
    redis.call('HSET', key, id, record)
    return string.sub(record, 1, 1)
  elseif is_tombstone(stored) then
    if #stored == 5 then redis.call('HSET', key, id, stored .. string.sub(record, 6, 13) .. string.sub(record, 2, 5)) end
    return string.sub(stored, 1, 5)
  end
  return string.sub(stored, 14, 19) == string.sub(record, 14, 19) and string.sub(stored, 1, 1) or '\0'
end

-- Author and time come from whichever record is there: by another clock it may still count.
local function delete(key, id, stored)
  local deleted_at, known = now, ''
  if stored and is_tombstone(stored) then
    deleted_at, known = math.max(now, time_of(stored)), string.sub(stored, 6)
  elseif stored then
    known = string.sub(stored, 6, 13) .. string.sub(stored, 2, 5)
  end
  local time = struct.pack('>I4', deleted_at)
  redis.call('HSET', key, id, '\1' .. time .. known)
  return (known == '' and UNKNOWN or known) .. time
end

local replies = {}
for i, key in ipairs(KEYS) do
  local id, record = ARGV[2 * i + 2], ARGV[2 * i + 3]
  local stored = redis.call('HGET', key, id)
  replies[i] = record == '' and delete(key, id, stored) or create(key, id, stored, record)
  redis.call('EXPIRE', key, ttl)
  if not stored then sweep_when_due(key) end
end
return table.concat(replies)
