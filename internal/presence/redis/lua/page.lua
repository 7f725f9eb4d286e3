-- Reads a page of a room's users. It only reads.
--
-- KEYS  1 the room's users, 2 its sessions, 3 epoch
-- ARGV  1 the last user of the previous page ("" for the first page), 2 the most users to return,
--       3 the age of the epoch, in ms, from which the set counts as whole
-- Returns the number of users in the room; the last user on the page ("" when it is the last page); 1 when the set is whole,
-- else 0; the users as JSON.

local limit = tonumber(ARGV[2])
local from = ARGV[1] == '' and '-' or '[' .. ARGV[1] .. '0'
local ids = {}
local more = true
while more and #ids <= limit do
  -- A user's sessions are next to each other. Where a user has many, one step reads some and the next starts after them all.
  local entries = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, limit + 1)
  for _, entry in ipairs(entries) do
    local user = string.match(entry, '^(.*)/[^/]*$')
    if user ~= ids[#ids] then
      ids[#ids + 1] = user
    end
  end
  more = #entries == limit + 1
  if more then
    from = '[' .. ids[#ids] .. '0'
  end
end

local time = redis.call('TIME')
local epoch = redis.call('GET', KEYS[3])
local whole = epoch and time[1] * 1000 + time[2] / 1000 - epoch >= tonumber(ARGV[3])

local size = math.min(#ids, limit)
local users_json = {}
for i = 1, size do
  users_json[i] = redis.call('HGET', KEYS[1], ids[i]) or cjson.encode({id = ids[i]})
end
return {redis.call('HLEN', KEYS[1]), #ids > limit and ids[limit] or '', whole and 1 or 0, users_json}
