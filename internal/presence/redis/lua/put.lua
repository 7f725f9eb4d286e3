-- Puts sessions of one node in. Doing it again changes nothing and tells the same counts.
--
-- KEYS  1 the node's sessions, 2 digests, 3 rooms, 4 sums, 5 epoch, then for each room: its users, its sessions
-- ARGV  1 the node, 2 "join" or "refill", 3 "1" when an earlier try may have been done untold,
--       then for each session: which room of KEYS (1, 2, …), the room's name, the session, its record
-- Gives for each session: 1 when its user came by it, else 0; the users in the room now.
--
-- A record is a time, a space and the user as JSON. Its weight is what it adds to its node's digest.

local node, refill, again = ARGV[1], ARGV[2] == 'refill', ARGV[3] == '1'

local function weight(field, record)
  return tonumber(string.sub(redis.sha1hex(field .. '\n' .. record), 1, 10), 16)
end

local function card_of(record)
  return string.sub(record, string.find(record, ' ', 1, true) + 1)
end

-- How many sessions a user has in a room: they stand together, since '0' follows '/'.
local function sessions_of(sessions, user)
  return redis.call('ZLEXCOUNT', sessions, '[' .. user .. '/', '(' .. user .. '0')
end

-- What a user adds to its room's sum, as package presence has it.
local function user_weight(card)
  local user = cjson.decode(card)
  return tonumber(string.sub(redis.sha1hex(user.id .. '\n' .. user.name .. '\n' .. user.color), 1, 10), 16)
end

-- Sets a user's card in a room, or takes it out (card is nil), and gives by how much the room's sum changes.
local function set_card(users, user, card)
  local before = redis.call('HGET', users, user)
  if before == card then
    return 0
  end
  if card then
    redis.call('HSET', users, user, card)
  else
    redis.call('HDEL', users, user)
  end
  return (card and user_weight(card) or 0) - (before and user_weight(before) or 0)
end

local time = redis.call('TIME')
redis.call('SET', KEYS[5], time[1] * 1000 + math.floor(time[2] / 1000), 'NX')

local told, digest = {}, 0
for i = 4, #ARGV, 4 do
  local users = KEYS[4 + 2 * ARGV[i]]
  local sessions = KEYS[5 + 2 * ARGV[i]]
  local room, session, record = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local field, card = room .. '/' .. session, card_of(record)
  local user = cjson.decode(card).id

  local old = redis.call('HGET', KEYS[1], field)
  local same_user = false
  local sum = 0
  if old then
    local former = cjson.decode(card_of(old)).id
    same_user = former == user
    if not same_user then
      redis.call('ZREM', sessions, former .. '/' .. session)
      if sessions_of(sessions, former) == 0 then
        sum = sum + set_card(users, former, nil)
      end
    end
    digest = digest - weight(field, old)
  end
  digest = digest + weight(field, record)
  redis.call('HSET', KEYS[1], field, record)
  redis.call('ZADD', sessions, 0, user .. '/' .. session)
  -- What is put back after a loss may be an older name than that of the user's other sessions: it gives way.
  local gives_way = refill and (not old or old == record)
  if not gives_way or redis.call('HEXISTS', users, user) == 0 then
    sum = sum + set_card(users, user, card)
  end
  if sum ~= 0 then
    redis.call('HINCRBY', KEYS[4], room, sum)
  end

  local count = redis.call('HLEN', users)
  redis.call('HSET', KEYS[3], room, count)
  local first = sessions_of(sessions, user) == 1
  told[#told + 1] = (first and (again or not same_user)) and 1 or 0
  told[#told + 1] = count
end
redis.call('HINCRBY', KEYS[2], node, digest)
return told
