-- Renews a node's lease, removes the leases that have ended, and compares the nodes' histories.
--
-- KEYS  1 leases (when each ends, in ms of Redis's clock), 2 histories
-- ARGV  1 the node, 2 the duration of its lease in ms, 3 its history ("" before it is registered),
--       4 when the node registered that history, in ms of Redis's clock (0 for now),
--       5 "start" while the node registers: any living node of another history then refuses it;
--         "beat" later: only a node that registered earlier then refuses it
-- Returns Redis's clock in ms; 1 when the node still had its lease, else 0; when the node registered its history; the node
-- that refuses it and that node's history, both "" when none does. A refused node has no lease.

local node, lease, history, since = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if since == 0 then
  since = now
end

local ends = redis.call('ZSCORE', KEYS[1], node)
local kept = ends and tonumber(ends) > now

for _, ended in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], ended)
  redis.call('HDEL', KEYS[2], ended)
end

if history ~= '' then
  local registered = redis.call('HGETALL', KEYS[2])
  for i = 1, #registered, 2 do
    local other, value = registered[i], registered[i + 1]
    local from, its = string.match(value, '^(%d+) (.*)$')
    local earlier = tonumber(from) < since or (tonumber(from) == since and other < node)
    if other ~= node and its ~= history and (ARGV[5] == 'start' or earlier) then
      redis.call('ZREM', KEYS[1], node)
      redis.call('HDEL', KEYS[2], node)
      return {now, 0, since, other, its}
    end
  end
  redis.call('HSET', KEYS[2], node, string.format('%.0f %s', since, history))
end
redis.call('ZADD', KEYS[1], now + lease, node)
return {now, kept and 1 or 0, since, '', ''}
