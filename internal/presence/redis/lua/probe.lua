-- Tries what presence needs of Redis in one bucket: a script that writes. It leaves nothing behind.
--
-- KEYS  1 a hash and 2 a sorted set, both of the probe only
-- Returns 1.

redis.call('HSET', KEYS[1], 'probe', '1')
redis.call('ZADD', KEYS[2], 0, 'probe')
redis.call('DEL', KEYS[1], KEYS[2])
return 1
