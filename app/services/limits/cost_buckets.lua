-- Takes from several token buckets atomically, from all or from none. They are refilled by Redis' own clock.
-- KEYS: the buckets. ARGV, for each: capacity, units a second, needed, wanted, given back.
-- Returns the index of the bucket with too little left (0: none), then left and taken for each bucket, then the
-- milliseconds until there is enough.
-- A missing bucket counts as full, so each key expires when its bucket would be full.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left, refused, wait = {}, 0, 0

for place, key in ipairs(KEYS) do
  local capacity, a_second = tonumber(ARGV[place * 5 - 4]), tonumber(ARGV[place * 5 - 3])
  local needed, back = tonumber(ARGV[place * 5 - 2]), tonumber(ARGV[place * 5])
  local kept = redis.call('HMGET', key, 'left', 'at')
  local held = capacity
  if kept[1] then
    held = tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * a_second / 1000
  end
  left[place] = math.min(capacity, held + back)
  local missing = math.min(needed, capacity) - left[place]
  if missing > 0 and missing * 1000 / a_second > wait then
    refused, wait = place, math.ceil(missing * 1000 / a_second)
  end
end

local answer = {refused}
for place, key in ipairs(KEYS) do
  local capacity, a_second = tonumber(ARGV[place * 5 - 4]), tonumber(ARGV[place * 5 - 3])
  local taken = 0
  if refused == 0 then
    taken = math.min(tonumber(ARGV[place * 5 - 1]), math.floor(left[place]))
  end
  local remains = left[place] - taken
  redis.call('HSET', key, 'left', string.format('%.3f', remains), 'at', string.format('%d', now))
  redis.call('PEXPIRE', key, math.ceil((capacity - remains) * 1000 / a_second) + 1000)
  table.insert(answer, math.floor(remains))
  table.insert(answer, taken)
end
table.insert(answer, wait)
return answer
