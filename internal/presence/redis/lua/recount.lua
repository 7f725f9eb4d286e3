-- Computes a node's digest again from its sessions. A beat runs it when the sessions are right and the digest is not.
--
-- KEYS  1 the node's sessions, 2 digests
-- ARGV  1 the node

local digest, all = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  digest = digest + tonumber(string.sub(redis.sha1hex(all[i] .. '\n' .. all[i + 1]), 1, 10), 16)
end
if #all == 0 then
  return redis.call('HDEL', KEYS[2], ARGV[1])
end
return redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', digest))
