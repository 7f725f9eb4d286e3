-- Takes sessions of one node out. Doing it again changes nothing.
--
-- KEYS  1 the node's sessions, 2 digests, 3 rooms, 4 sums, then for each room: its users, its sessions
-- ARGV  1 the node, 2 "1" when an earlier try may have been done untold,
--       then for each session: which room of KEYS (1, 2, …), the room's name, the session, its user when an earlier try may
--       have been done (else unused)
-- Gives for each session: 1 when its user went by it, else 0; the users in the room now; the user who went as JSON.

local node, again = ARGV[1], ARGV[2] == '1'

local function weight(field, record)
  return tonumber(string.sub(redis.sha1hex(field .. '\n' .. record), 1, 10), 16)
end

local function sessions_of(sessions, user)
  return redis.call('ZLEXCOUNT', sessions, '[' .. user .. '/', '(' .. user .. '0')
end

-- What a user adds to its room's sum, as package presence has it.
local function user_weight(card)
  local user = cjson.decode(card)
  return tonumber(string.sub(redis.sha1hex(user.id .. '\n' .. user.name .. '\n' .. user.color), 1, 10), 16)
end

local told, digest = {}, 0
for i = 3, #ARGV, 4 do
  local users = KEYS[3 + 2 * ARGV[i]]
  local sessions = KEYS[4 + 2 * ARGV[i]]
  local room, session, user = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local field = room .. '/' .. session

  local went, card = false, ''
  local record = redis.call('HGET', KEYS[1], field)
  if record then
    card = string.sub(record, string.find(record, ' ', 1, true) + 1)
    user = cjson.decode(card).id
    redis.call('HDEL', KEYS[1], field)
    redis.call('ZREM', sessions, user .. '/' .. session)
    digest = digest - weight(field, record)
    if sessions_of(sessions, user) == 0 then
      went = true
      local shown = redis.call('HGET', users, user)
      if shown then
        card = shown -- the name may be newer than this session
        redis.call('HDEL', users, user)
        redis.call('HINCRBY', KEYS[4], room, -user_weight(shown))
      end
    end
  elseif again then
    went = sessions_of(sessions, user) == 0
  end

  local count = redis.call('HLEN', users)
  if count == 0 then
    redis.call('HDEL', KEYS[3], room)
    redis.call('HDEL', KEYS[4], room)
  else
    redis.call('HSET', KEYS[3], room, count)
  end
  told[#told + 1] = went and 1 or 0
  told[#told + 1] = count
  told[#told + 1] = card
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HDEL', KEYS[2], node)
elseif digest ~= 0 then
  redis.call('HINCRBY', KEYS[2], node, digest)
end
return told
