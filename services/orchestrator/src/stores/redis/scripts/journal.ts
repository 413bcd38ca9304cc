import { script } from '../script.ts';
import { budgets, clock, epoch, membership, periods } from './shared.ts';

/**
 * What happened to calls of a replica within a moment: those that it admitted with credit are noted, those that ended become rows, and
 * what they reserved becomes what they cost. All of it, or nothing.
 *
 * Keys: epoch, journal, generations, then budgets. Arguments: epoch, generation, replica, number of budgets; for each of them how its
 * reservations change, the number of credits that were used, with field and amount of each, and the number of days with costs, with a
 * moment of the day and the cost of each; the number of fields of the journal to remove, and the fields; then fields and values to set.
 * Answer: 0 done, 4 another epoch, 5 swept.
 */
export const NOTE = script(
  clock,
  periods,
  membership,
  budgets,
  `
local why = refused(KEYS[1], KEYS[3], ARGV[1], ARGV[3], ARGV[2])
if why then return why end
local at = 4
local function take()
  at = at + 1
  return ARGV[at]
end
for i = 4, #KEYS do
  local there = redis.call('EXISTS', KEYS[i]) == 1
  local change = tonumber(take())
  for _ = 1, tonumber(take()) do
    local field, amount = take(), tonumber(take())
    if redis.call('HINCRBY', KEYS[2], field, whole(-amount)) == 0 then redis.call('HDEL', KEYS[2], field) end
    if there then redis.call('HINCRBY', KEYS[i], 'c', whole(-amount)) end
  end
  if there and change ~= 0 then redis.call('HINCRBY', KEYS[i], 'r', whole(change)) end
  for _ = 1, tonumber(take()) do
    local moment, cost = tonumber(take()), tonumber(take())
    if there then charge(KEYS[i], moment, cost) end
  end
end
-- Lua's stack holds some thousands at most.
local function each(command, first, last)
  for i = first, last, 500 do redis.call(command, KEYS[2], unpack(ARGV, i, math.min(i + 499, last))) end
end
local removed = tonumber(take())
each('HDEL', at + 1, at + removed)
each('HSET', at + removed + 1, #ARGV)
return 0
`,
);

/**
 * The end of one request, of which Redis may know nothing, or another epoch: what it reserved becomes what it cost.
 *
 * Keys: epoch, budget, journal. Arguments: epoch, request, cost, row, its moment of admission, 1 to charge also what Redis does not know.
 * Answer: 1 done, 0 unknown here, 2 done before, 4 another epoch.
 */
export const SETTLE = script(
  clock,
  periods,
  epoch,
  budgets,
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
if cost > 0 then charge(KEYS[2], tonumber(ARGV[5]), cost) end
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
 * Credit of a replica that died. Keys: epoch, budget, journal. Arguments: epoch, field. Answer: the amount.
 */
export const RETURN = script(`
local amount = tonumber(redis.call('HGET', KEYS[3], ARGV[2]) or 0)
redis.call('HDEL', KEYS[3], ARGV[2])
if amount == 0 or redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], 'r', string.format('%.0f', -amount))
redis.call('HINCRBY', KEYS[2], 'c', string.format('%.0f', -amount))
return amount
`);
