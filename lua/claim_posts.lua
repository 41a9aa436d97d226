-- Step 1 of a write: claim post ids, or mark them deleted. Idempotent; the first create of an id wins, a delete wins over it.
-- KEYS   per event, in order: the post hash
-- ARGV   1 oldest time that counts, 2 now (both Unix seconds), 3 TTL of a hash (s), then per event: post id,
--        and the record of a create or "" for a delete (layout: common/store/record.py)
-- Returns one string, per event: for a create 1 byte: flags of the record that holds, "\1" when deleted, "\0" when
--        another create holds the id; for a delete 12 bytes: author and created_at, zeros when unknown
local oldest, now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local UNKNOWN = string.rep('\0', 12)
local function time_of(record) return struct.unpack('>I4', record, 2) end
local function is_tombstone(record) return string.byte(record) % 2 == 1 end

local function sweep(key)
  local entries = redis.call('HGETALL', key)
  for i = 1, #entries, 2 do
    if time_of(entries[i + 1]) < oldest then redis.call('HDEL', key, entries[i]) end
  end
end

local function create(key, id, held, record)
  if not held then
    redis.call('HSET', key, id, record)
    return string.sub(record, 1, 1)
  elseif is_tombstone(held) then
    if #held == 5 then redis.call('HSET', key, id, held .. string.sub(record, 6, 13) .. string.sub(record, 2, 5)) end
    return '\1'
  end
  return string.sub(held, 14, 19) == string.sub(record, 14, 19) and string.sub(held, 1, 1) or '\0'
end

local function delete(key, id, held)
  local applied, known = now, ''
  if held and is_tombstone(held) then
    applied, known = math.max(now, time_of(held)), string.sub(held, 6)
  elseif held then
    known = string.sub(held, 6, 13) .. string.sub(held, 2, 5)
  end
  redis.call('HSET', key, id, '\1' .. struct.pack('>I4', applied) .. known)
  return known == '' and UNKNOWN or known
end

local replies = {}
for i, key in ipairs(KEYS) do
  local id, record = ARGV[2 * i + 2], ARGV[2 * i + 3]
  local stored = redis.call('HGET', key, id)
  local held = stored and time_of(stored) >= oldest and stored
  replies[i] = record == '' and delete(key, id, held) or create(key, id, held, record)
  redis.call('EXPIRE', key, ttl)
  if not stored and redis.call('HLEN', key) % 64 == 0 then sweep(key) end
end
return table.concat(replies)
