-- Step 1 of a write, where HSETNX does not decide: claim post ids that may be held, or mark them deleted. Idempotent; the
-- first create of an id wins, a delete wins over it.
-- KEYS   per event, in order: the post hash; then the hashes whose TTL is due
-- ARGV   1 oldest time that counts, 2 now (both Unix seconds), 3 TTL of a hash (s), then per event: post id,
--        and the record of a create or "" for a delete (layout: common/store/record.py)
-- Returns one string, per event: for a create 1 byte: flags of the record that holds, "\0" when another create holds the
--        id, "\1" when deleted, and then 4 bytes: the time from which the tombstone lives; for a delete 16 bytes: author
--        and created_at, zeros when unknown, and that time
local oldest, now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local call, byte, sub = redis.call, string.byte, string.sub
local UNKNOWN = string.rep('\0', 12)
local function time_of(record) return struct.unpack('>I4', record, 2) end
local function is_tombstone(record) return byte(record) % 2 == 1 end

local function create(key, id, stored, record)
  if not stored or time_of(stored) < oldest then
    call('HSET', key, id, record)
    return sub(record, 1, 1)
  elseif is_tombstone(stored) then
    if #stored == 5 then call('HSET', key, id, stored .. sub(record, 6, 13) .. sub(record, 2, 5)) end
    return sub(stored, 1, 5)
  end
  return sub(stored, 14, 19) == sub(record, 14, 19) and sub(stored, 1, 1) or '\0'
end

-- Author and time come from whichever record is there: by another clock it may still count.
local function delete(key, id, stored)
  local deleted_at, known = now, ''
  if stored and is_tombstone(stored) then
    deleted_at, known = math.max(now, time_of(stored)), sub(stored, 6)
  elseif stored then
    known = sub(stored, 6, 13) .. sub(stored, 2, 5)
  end
  local time = struct.pack('>I4', deleted_at)
  call('HSET', key, id, '\1' .. time .. known)
  return (known == '' and UNKNOWN or known) .. time
end

local events, replies = (#ARGV - 3) / 2, {}
for i = 1, events do
  local key, id, record = KEYS[i], ARGV[2 * i + 2], ARGV[2 * i + 3]
  local stored = call('HGET', key, id)
  replies[i] = record == '' and delete(key, id, stored) or create(key, id, stored, record)
end
for i = events + 1, #KEYS do call('EXPIRE', KEYS[i], ttl) end
return table.concat(replies)
