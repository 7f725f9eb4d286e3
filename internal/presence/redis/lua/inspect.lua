-- Reads a bucket's digests for a node's beat, and starts the bucket's epoch when the bucket was empty.
--
-- KEYS  1 digests, 2 epoch
-- Returns each node that has sessions in the bucket, followed by its digest.

local time = redis.call('TIME')
redis.call('SET', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000), 'NX')
return redis.call('HGETALL', KEYS[1])
