-- Adds and removes sessions of one node. Running it again changes nothing and returns the same counts.
--
-- KEYS  1 the node's sessions, 2 digests, 3 rooms, 4 sums, 5 epoch, then for each room: its users, its sessions
-- ARGV  1 the node, 2 "join", "leave" or "repair", 3 "1" when an earlier run may have been done without its answer arriving,
--       then for each session: "+" to add it or "-" to remove it, the index of its room in KEYS (1, 2, …), the room's name,
--       the session, and its record ("+") or its user ("-", used only after an earlier run)
-- Returns for each session: 1 when it is its user's first in the room ("+") or was its last ("-"), else 0; the number of users in
-- the room now; the removed session's user as JSON ("-", else "").
--
-- A record is a time, a space and the user as JSON. Its weight is what it adds to its node's digest.

local node, repair, retry = ARGV[1], ARGV[2] == 'repair', ARGV[3] == '1'
local digest = 0 -- by how much the node's digest changes

local function weight(field, record)
  return tonumber(string.sub(redis.sha1hex(field .. '\n' .. record), 1, 10), 16)
end

local function json_of(record)
  return string.sub(record, string.find(record, ' ', 1, true) + 1)
end

-- The number of a user's sessions in a room. They are next to each other in the sorted set, and '0' comes after '/'.
local function count_sessions(sessions, user)
  return redis.call('ZLEXCOUNT', sessions, '[' .. user .. '/', '(' .. user .. '0')
end

-- What a user adds to its room's sum: Weight in the Go package presence.
local function user_weight(json)
  local user = cjson.decode(json)
  return tonumber(string.sub(redis.sha1hex(user.id .. '\n' .. user.name .. '\n' .. user.color), 1, 10), 16)
end

-- Stores a user among a room's users, or removes it (json is nil), and returns by how much the room's sum changes.
local function set_user(users, user, json)
  local before = redis.call('HGET', users, user)
  if before == json then
    return 0
  end
  if json then
    redis.call('HSET', users, user, json)
  else
    redis.call('HDEL', users, user)
  end
  return (json and user_weight(json) or 0) - (before and user_weight(before) or 0)
end

-- Adds a session. Returns whether it is its user's first in the room.
local function add(users, sessions, room, session, record)
  local field, json = room .. '/' .. session, json_of(record)
  local user = cjson.decode(json).id
  local old = redis.call('HGET', KEYS[1], field)
  local same_user = false
  local sum = 0
  if old then
    local former = cjson.decode(json_of(old)).id
    same_user = former == user
    if not same_user then
      redis.call('ZREM', sessions, former .. '/' .. session)
      if count_sessions(sessions, former) == 0 then
        sum = sum + set_user(users, former, nil)
      end
    end
    digest = digest - weight(field, old)
  end
  digest = digest + weight(field, record)
  redis.call('HSET', KEYS[1], field, record)
  redis.call('ZADD', sessions, 0, user .. '/' .. session)
  -- A session that is put back after a loss may have an older name than the user's other sessions. It must not replace theirs.
  local keep_name = repair and (not old or old == record)
  if not keep_name or redis.call('HEXISTS', users, user) == 0 then
    sum = sum + set_user(users, user, json)
  end
  if sum ~= 0 then
    redis.call('HINCRBY', KEYS[4], room, sum)
  end
  return count_sessions(sessions, user) == 1 and (retry or not same_user)
end

-- Removes a session. Returns whether it was its user's last in the room, and the user as JSON.
local function remove(users, sessions, room, session, user)
  local field = room .. '/' .. session
  local record = redis.call('HGET', KEYS[1], field)
  if not record then
    return retry and count_sessions(sessions, user) == 0, ''
  end
  local json = json_of(record)
  user = cjson.decode(json).id
  redis.call('HDEL', KEYS[1], field)
  redis.call('ZREM', sessions, user .. '/' .. session)
  digest = digest - weight(field, record)
  if count_sessions(sessions, user) > 0 then
    return false, json
  end
  local stored = redis.call('HGET', users, user)
  if stored then
    json = stored -- its name may be newer than this session's
    redis.call('HINCRBY', KEYS[4], room, set_user(users, user, nil))
  end
  return true, json
end

local results, added = {}, false
for i = 4, #ARGV, 5 do
  local users, sessions = KEYS[4 + 2 * ARGV[i + 1]], KEYS[5 + 2 * ARGV[i + 1]]
  local room, session, value = ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local first_or_last, json = false, ''
  if ARGV[i] == '+' then
    first_or_last = add(users, sessions, room, session, value)
    added = true
  else
    first_or_last, json = remove(users, sessions, room, session, value)
  end

  local count = redis.call('HLEN', users)
  if count == 0 then
    redis.call('HDEL', KEYS[3], room)
    redis.call('HDEL', KEYS[4], room)
  else
    redis.call('HSET', KEYS[3], room, count)
  end
  results[#results + 1] = first_or_last and 1 or 0
  results[#results + 1] = count
  results[#results + 1] = json
end

if added then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[5], time[1] * 1000 + math.floor(time[2] / 1000), 'NX')
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HDEL', KEYS[2], node)
elseif added or digest ~= 0 then
  redis.call('HINCRBY', KEYS[2], node, digest)
end
return results
