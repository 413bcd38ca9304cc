/** Parts that scripts share: Lua functions that come before their own text. */

/** Redis' own time in milliseconds, so that the replicas' clocks do not matter; and whole numbers as text. */
export const clock = `
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function whole(n) return string.format('%.0f', n) end
`;

/** Numbers of day, week and month as in `periods.ts`; the month by H. Hinnant's civil_from_days (howardhinnant.github.io/date_algorithms.html, 2026-11-21). */
export const periods = `
local function periods(ms)
  local day = math.floor(ms / 86400000)
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return {day, math.floor((day + 3) / 7), (year - 1970) * 12 + month - 1}
end
`;

/** Whether replicas may rely on the data: everybody has told what it had under way, or had time enough to. */
export const epoch = `
local function current(key, id)
  local e = redis.call('HMGET', key, 'id', 'ready')
  return e[1] == id and e[2] == '1'
end
`;

/**
 * Whether this replica may change anything: undefined if so, 4 in another epoch, 5 when it was taken for dead and its journal
 * swept. A sweep ends the generation first, so nothing is added to a journal that is being taken over.
 */
export const membership = `${epoch}
local function refused(key, generations, epoch, replica, generation)
  if not current(key, epoch) then return 4 end
  if redis.call('HGET', generations, replica) ~= generation then return 5 end
end
`;

/**
 * The requests of a sliding window, as a list of \`<moment> <total so far>\`: one element for each millisecond with requests. The head is
 * the last element that counts no more, so that the total of the tail less that of the head is what counts. And the places that
 * replicas hold in it, as a hash of replica -> \`<places> <until when>\`. What nobody came back for in time counts as used.
 */
export const rates = `
local function run(text)
  local moment, total = string.match(text, '^(%d+) (%d+)$')
  return tonumber(moment), tonumber(total)
end
local function add_requests(key, now, window, count)
  local tail = redis.call('LINDEX', key, -1)
  if not tail then
    redis.call('RPUSH', key, '0 0', whole(now) .. ' ' .. whole(count))
  else
    local moment, total = run(tail)
    if moment >= now and redis.call('LLEN', key) > 1 then
      redis.call('LSET', key, -1, whole(moment) .. ' ' .. whole(total + count))
    else
      redis.call('RPUSH', key, whole(now) .. ' ' .. whole(total + count))
    end
  end
  redis.call('PEXPIRE', key, window + 1000)
end
local function used_requests(key, now, window)
  local head = redis.call('LINDEX', key, 0)
  if not head then return 0, now end
  local oldest = redis.call('LINDEX', key, 1)
  while oldest and run(oldest) <= now - window do
    redis.call('LPOP', key)
    head = oldest
    oldest = redis.call('LINDEX', key, 1)
  end
  if not oldest then return 0, now end
  local _, before = run(head)
  local _, all = run(redis.call('LINDEX', key, -1))
  return all - before, (run(oldest))
end
local function held_places(places, rate, now, window, replica)
  local mine, others = nil, 0
  local all = redis.call('HGETALL', places)
  for i = 1, #all, 2 do
    local count, until_ = run(all[i + 1])
    if until_ < now then
      redis.call('HDEL', places, all[i])
      if count > 0 then add_requests(rate, now, window, count) end
    elseif all[i] == replica then
      mine = count
    else
      others = others + count
    end
  end
  return mine, others
end
`;

/**
 * A user's budget at a moment: for each period what was spent and the limit that holds, of which undefined is none. What belongs
 * to a period that is over is cleared.
 */
export const budgets = `
local names = {'d', 'w', 'm'}
local function read_budget(key) return redis.call('HMGET', key, 'd.p', 'w.p', 'm.p', 'd.s', 'w.s', 'm.s', 'd.l', 'w.l', 'm.l', 'r', 'c') end
local function each_period(key, b, now, limits)
  local p = periods(now)
  local found = {}
  for i = 1, 3 do
    local spent = tonumber(b[3 + i] or 0)
    if tonumber(b[i]) < p[i] then
      spent = 0
      redis.call('HSET', key, names[i] .. '.p', p[i], names[i] .. '.s', 0)
    end
    local limit = tonumber(b[6 + i] or limits[i])
    if limit < 0 then limit = nil end
    found[i] = {spent = spent, limit = limit}
  end
  return found
end
local function charge(key, moment, cost)
  local p = periods(moment)
  local b = redis.call('HMGET', key, 'd.p', 'w.p', 'm.p')
  for i = 1, 3 do
    local known = tonumber(b[i])
    -- A new period begins with whichever comes first, a question or a cost.
    if known and known < p[i] then redis.call('HSET', key, names[i] .. '.p', p[i], names[i] .. '.s', whole(cost)) end
    if known == p[i] then redis.call('HINCRBY', key, names[i] .. '.s', whole(cost)) end
  end
end
`;
