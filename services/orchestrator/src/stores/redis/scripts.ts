import { script } from './script.ts';

/**
 * What replicas decide together, in Redis. Times are Redis' own, so the replicas' clocks do not matter; amounts are nano US
 * dollars (whole numbers below 2^53, which Lua's numbers hold exactly).
 *
 * Keys, all with the prefix `ko:`
 * - `epoch`: which life of the data this is: `id`, `run` (Redis' own run id), `since`, `expected` (replicas)
 * - `replicas`: sorted set, replica -> until when it is taken for alive; `journals`: set, replicas that may have left a journal
 * - `maintenance`: the newest state of the maintenance mode
 * - `b:<epoch>:<user>`: hash: per period (d, w, m) its number `.p`, what was spent in it `.s`, a limit that was set `.l`; and
 *   `r`, what requests under way reserve. Made from PostgreSQL when it is missing.
 * - `r:<epoch>:<who>:<endpoint>`: list of the moments of the last requests
 * - `journal:<replica>`: hash: request -> `R<epoch>|<amount>|<at>|<facts>` once it is admitted, `S<row>` once it is settled and until
 *   the row is in PostgreSQL; `<request>!` -> the backend, once one is asked
 */
const clock = `
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function whole(n) return string.format('%.0f', n) end
`;

/** Numbers of day, week and month as in `periods.ts`; the month by H. Hinnant's civil_from_days (howardhinnant.github.io/date_algorithms.html, 2026-11-21). */
const periods = `
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
const epoch = `
local function current(key, id, now)
  local e = redis.call('HMGET', key, 'id', 'ready')
  return e[1] == id and e[2] == '1'
end
`;

/**
 * One request: is it within the rate, and is there room in the budgets? If both, it is counted and reserved.
 *
 * Keys: epoch, budget, rate, journal. Arguments: epoch, amount (-1: no budget), three limits (-1: none), rate (0: none), its window in
 * ms, request, facts. Answer: what came of it (0 yes, 1 rate, 2 budget, 3 the user's budget is not loaded, 4 another epoch),
 * now, remaining, ms until there is one more, and for 2: period (1 to 3), limit, spent, reserved.
 */
export const ADMIT = script(
  clock,
  periods,
  epoch,
  `
local now = clock()
if not current(KEYS[1], ARGV[1], now) then return {4, now, 0, 0} end
local amount = tonumber(ARGV[2])
local b
if amount >= 0 then
  b = redis.call('HMGET', KEYS[2], 'd.p', 'w.p', 'm.p', 'd.s', 'w.s', 'm.s', 'd.l', 'w.l', 'm.l', 'r')
  if not b[1] then return {3, now, 0, 0} end
end
local most = tonumber(ARGV[6])
local remaining, wait = 0, 0
if most > 0 then
  local window = tonumber(ARGV[7])
  local floor = now - window
  local first = redis.call('LINDEX', KEYS[3], 0)
  while first and tonumber(first) <= floor do
    redis.call('LPOP', KEYS[3])
    first = redis.call('LINDEX', KEYS[3], 0)
  end
  local used = redis.call('LLEN', KEYS[3])
  if used >= most then return {1, now, 0, tonumber(first) + window - now} end
  redis.call('RPUSH', KEYS[3], whole(now))
  redis.call('PEXPIRE', KEYS[3], window + 1000)
  remaining = most - used - 1
  wait = (first and tonumber(first) or now) + window - now
end
if amount < 0 then return {0, now, remaining, wait} end
local p = periods(now)
local names = {'d', 'w', 'm'}
local reserved = tonumber(b[10] or 0)
for i = 1, 3 do
  local spent = tonumber(b[3 + i] or 0)
  if tonumber(b[i]) < p[i] then
    spent = 0
    redis.call('HSET', KEYS[2], names[i] .. '.p', p[i], names[i] .. '.s', 0)
  end
  local limit = tonumber(b[6 + i] or ARGV[2 + i])
  -- What costs nothing passes whatever was spent.
  if amount > 0 and limit >= 0 and spent + reserved + amount > limit then
    return {2, now, remaining, wait, i, whole(limit), whole(spent), whole(reserved)}
  end
end
if amount > 0 then redis.call('HINCRBY', KEYS[2], 'r', whole(amount)) end
redis.call('HSET', KEYS[4], ARGV[8], 'R' .. ARGV[1] .. '|' .. whole(amount) .. '|' .. whole(now) .. '|' .. ARGV[9])
return {0, now, remaining, wait}
`,
);

/**
 * The end of a request: what it reserved becomes what it cost.
 *
 * Keys: epoch, budget, journal. Arguments: epoch, request, cost, row, its moment of admission, 1 to charge also what Redis does not know.
 * Answer: 1 done, 0 unknown here, 2 done before, 4 another epoch.
 */
export const SETTLE = script(
  clock,
  periods,
  epoch,
  `
if not current(KEYS[1], ARGV[1]) then return 4 end
local entry = redis.call('HGET', KEYS[3], ARGV[2])
local head = 'R' .. ARGV[1] .. '|'
local known = entry and string.sub(entry, 1, #head) == head
if entry and string.sub(entry, 1, 1) == 'S' then return 2 end
if not known and ARGV[6] ~= '1' then return 0 end
redis.call('HSET', KEYS[3], ARGV[2], 'S' .. ARGV[4])
if redis.call('HEXISTS', KEYS[3], ARGV[2] .. '!') == 1 then redis.call('HDEL', KEYS[3], ARGV[2] .. '!') end
if redis.call('EXISTS', KEYS[2]) == 0 then return known and 1 or 0 end
if known then
  local amount = tonumber(string.match(entry, '^[^|]*|(%d+)|'))
  if amount > 0 then redis.call('HINCRBY', KEYS[2], 'r', whole(-amount)) end
end
local cost = tonumber(ARGV[3])
if cost > 0 then
  local p = periods(tonumber(ARGV[5]))
  local b = redis.call('HMGET', KEYS[2], 'd.p', 'w.p', 'm.p')
  local names = {'d', 'w', 'm'}
  for i = 1, 3 do
    if b[i] and tonumber(b[i]) == p[i] then redis.call('HINCRBY', KEYS[2], names[i] .. '.s', whole(cost)) end
  end
end
return known and 1 or 0
`,
);

/** A request that used nothing. Keys: epoch, budget, journal. Arguments: epoch, request. Answer: 1 done, 0 unknown here. */
export const REFUND = script(`
local entry = redis.call('HGET', KEYS[3], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2], ARGV[2] .. '!')
if not entry or string.sub(entry, 1, 1) ~= 'R' then return 0 end
local epoch, amount = string.match(entry, '^R([^|]*)|(%d+)|')
if not epoch or redis.call('HGET', KEYS[1], 'id') ~= epoch then return 0 end
if tonumber(amount) > 0 and redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HINCRBY', KEYS[2], 'r', '-' .. amount) end
return 1
`);

/**
 * A user's budget as PostgreSQL has it, unless another replica was faster. Keys: epoch, budget. Arguments: epoch, three numbers of
 * periods, three sums, three limits ('' for none), then for each reservation: journal, request, amount, moment, facts.
 */
export const LOAD = script(
  epoch,
  `
if not current(KEYS[1], ARGV[1]) then return 4 end
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local names = {'d', 'w', 'm'}
for i = 1, 3 do
  redis.call('HSET', KEYS[2], names[i] .. '.p', ARGV[1 + i], names[i] .. '.s', ARGV[4 + i])
  if ARGV[7 + i] ~= '' then redis.call('HSET', KEYS[2], names[i] .. '.l', ARGV[7 + i]) end
end
local reserved = 0
for i = 11, #ARGV, 5 do
  redis.call('HSET', ARGV[i], ARGV[i + 1], 'R' .. ARGV[1] .. '|' .. ARGV[i + 2] .. '|' .. ARGV[i + 3] .. '|' .. ARGV[i + 4])
  reserved = reserved + tonumber(ARGV[i + 2])
end
redis.call('HSET', KEYS[2], 'r', string.format('%.0f', reserved))
return 1
`,
);

/** A limit that was set or taken away. Keys: budget. Arguments: field, limit ('' for none). */
export const LIMIT = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return 1
`);

/** Requests that a replica let through before Redis forgot them. Keys: rate. Arguments: window in ms, moments. */
export const RECALL = script(`
local all = redis.call('LRANGE', KEYS[1], 0, -1)
for i = 2, #ARGV do all[#all + 1] = ARGV[i] end
table.sort(all, function(a, b) return tonumber(a) < tonumber(b) end)
redis.call('DEL', KEYS[1])
for i = 1, #all, 1000 do redis.call('RPUSH', KEYS[1], unpack(all, i, math.min(i + 999, #all))) end
if #all > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1] + 1000) end
return #all
`);

/**
 * A replica's sign of life, several times a second. The first one after Redis began anew, or with \`renew\`, begins an epoch: until
 * every replica has joined it, or \`patience\` is over, nobody relies on it.
 *
 * Keys: epoch, replicas, maintenance, journals. Arguments: run id, replica, lease ms, patience ms, replicas known before, the epoch that this
 * one has joined, the epoch that is to end, version and state of the maintenance mode.
 * Answer: epoch, 1 when it can be relied on, now, replicas alive, maintenance, then those that left a journal and are gone.
 */
export const BEAT = script(
  clock,
  `
local now = clock()
local e = redis.call('HMGET', KEYS[1], 'id', 'run', 'since', 'expected', 'ready')
if e[2] ~= ARGV[1] or ARGV[7] == e[1] then
  local id = whole(redis.call('HINCRBY', KEYS[1], 'count', 1)) .. '-' .. string.sub(ARGV[1], 1, 8) .. '-' .. whole(now)
  redis.call('HSET', KEYS[1], 'id', id, 'run', ARGV[1], 'since', whole(now), 'expected', 0, 'ready', 0)
  redis.call('DEL', KEYS[2])
  e = {id, ARGV[1], now, 0, '0'}
end
local expected = math.max(tonumber(e[4]), tonumber(ARGV[5]))
if ARGV[6] == e[1] then
  redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[2])
  redis.call('SADD', KEYS[4], ARGV[2])
end
local alive = redis.call('ZCOUNT', KEYS[2], now, '+inf')
if e[5] ~= '1' then
  redis.call('HSET', KEYS[1], 'expected', expected)
  if alive >= math.max(expected, 1) or (alive > 0 and now - tonumber(e[3]) >= tonumber(ARGV[4])) then
    redis.call('HSET', KEYS[1], 'ready', 1)
    e[5] = '1'
  end
end
local held = redis.call('GET', KEYS[3])
local version = held and tonumber(string.match(held, '^(%d+)')) or 0
if tonumber(ARGV[8]) > version then
  held = ARGV[8] .. ' ' .. ARGV[9]
  redis.call('SET', KEYS[3], held)
end
local answer = {e[1], tonumber(e[5]), now, alive, held or ''}
if e[5] == '1' then
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[4])) do
    local until_ = redis.call('ZSCORE', KEYS[2], id)
    if not until_ or tonumber(until_) < now then answer[#answer + 1] = id end
  end
end
return answer
`,
);

/** All of them. */
export const ALL = [ADMIT, SETTLE, REFUND, LOAD, LIMIT, RECALL, BEAT] as const;
