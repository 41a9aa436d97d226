-- Apply events of one viewer: follows and removals. Idempotent; the order of the events does not matter.
-- KEYS   follows, records, removals of the viewer
-- ARGV   1 cap of the follows, and of the removals, 2 oldest removal that is remembered (Unix s), 3 TTL of the removals (s),
--        then per event: target id, follow id ("0" = none), time (Unix s), "1" for a removal
-- Returns the number of follows evicted because of the cap, the oldest ones
local follows, records, removals, cap = KEYS[1], KEYS[2], KEYS[3], tonumber(ARGV[1])
local MOST = 16 -- follows of one target that are kept apart, the newest
local MOST_AT_ONCE = 500 -- follows or removals evicted in a call: what is left over waits for the next
-- records: "<follow id>" -> target id; "-<target id>" -> "<follow id>:<time> ..." of all that make it followed
-- removals: "<follow id>" or "-<target id>" -> time; nothing that it names counts up to then

local function removed_through(name) return tonumber(redis.call('ZSCORE', removals, name) or 0) end

local function times_of(target)
  local times, held = {}, redis.call('HGET', records, '-' .. target) or ''
  for id, time in string.gmatch(held, '(%d+):(%d+)') do times[id] = tonumber(time) end
  return times
end

local function keep(target, times)
  local ids, parts = {}, {}
  for id in pairs(times) do ids[#ids + 1] = id end
  table.sort(ids, function(a, b) return times[a] > times[b] or times[a] == times[b] and a > b end)
  for i, id in ipairs(ids) do
    if i <= MOST then parts[i] = string.format('%s:%.0f', id, times[id]) else redis.call('HDEL', records, id) end
  end
  if #parts == 0 then
    redis.call('HDEL', records, '-' .. target)
    redis.call('ZREM', follows, target)
  else
    redis.call('HSET', records, '-' .. target, table.concat(parts, ' '))
    redis.call('ZADD', follows, times[ids[1]], target)
  end
end

local function drop(target, times, ids)
  for _, id in ipairs(ids) do times[id] = nil end
  if #ids > 0 then redis.call('HDEL', records, unpack(ids)) end
  keep(target, times)
end

local function follow(target, id, time)
  local before = redis.call('HGET', records, id) or target
  local times = times_of(before)
  if times[id] and times[id] >= time then return end
  if before ~= target then
    drop(before, times, { id })
    times = times_of(target)
  end
  if time > removed_through('-' .. target) and time > removed_through(id) then
    times[id] = time
    if id ~= '0' then redis.call('HSET', records, id, target) end
    keep(target, times)
  elseif id ~= '0' then
    redis.call('ZADD', removals, 'GT', time, id) -- even so, what the id named earlier has ended
  end
end

local function remove(target, id, time)
  local all = id == '0'
  redis.call('ZADD', removals, 'GT', time, all and '-' .. target or id)
  target = redis.call('HGET', records, id) or target
  local times, ended, named = times_of(target), {}, {}
  for held, since in pairs(times) do
    if since <= time and (all or held == id) then
      ended[#ended + 1] = held
      if held ~= '0' then named[#named + 1], named[#named + 2] = since, held end
    end
  end
  if #ended > 0 then drop(target, times, ended) end
  if #named > 0 then redis.call('ZADD', removals, 'GT', unpack(named)) end
end

local function remove_oldest(key, count)
  if count > 0 then redis.call('ZREMRANGEBYRANK', key, 0, math.min(count, MOST_AT_ONCE) - 1) end
end

for i = 4, #ARGV, 4 do
  local apply = ARGV[i + 3] == '1' and remove or follow
  apply(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]))
end
local surplus = math.min(MOST_AT_ONCE, math.max(0, redis.call('ZCARD', follows) - cap))
for _, target in ipairs(surplus > 0 and redis.call('ZRANGE', follows, 0, surplus - 1) or {}) do
  local times, ids = times_of(target), {}
  for id in pairs(times) do ids[#ids + 1] = id end
  drop(target, times, ids)
end
remove_oldest(removals, redis.call('ZCOUNT', removals, '-inf', '(' .. ARGV[2]))
remove_oldest(removals, redis.call('ZCARD', removals) - cap)
redis.call('EXPIRE', removals, ARGV[3])
return surplus
