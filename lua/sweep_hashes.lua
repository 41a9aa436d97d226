-- Remove expired records from post hashes, and refresh their TTLs. Idempotent.
-- KEYS   post hashes
-- ARGV   1 oldest time that counts (Unix s), 2 TTL of a hash (s), 3 most entries to look at in each: all of a hash whose
--        size is as planned, a sample of a larger one
-- Returns the number of hashes
local oldest, ttl, most = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local call, byte = redis.call, string.byte

local function time_of(record) -- as struct.unpack('>I4', record, 2) would, in half the time
  local first, second, third, fourth = byte(record, 2, 5)
  return ((first * 256 + second) * 256 + third) * 256 + fourth
end

for _, key in ipairs(KEYS) do
  local size, expired = call('HLEN', key), {}
  local entries = size > most and call('HRANDFIELD', key, most, 'WITHVALUES') or call('HGETALL', key)
  for i = 1, #entries, 2 do
    if time_of(entries[i + 1]) < oldest then expired[#expired + 1] = entries[i] end
  end
  if #expired == size then expired[size] = nil end -- a hash that is made again would have no TTL
  if #expired > 0 then call('HDEL', key, unpack(expired)) end
  call('EXPIRE', key, ttl)
end
return #KEYS
