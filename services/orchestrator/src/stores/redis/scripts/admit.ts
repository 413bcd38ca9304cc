import { script } from '../script.ts';
import { budgets, clock, membership, periods, rates } from './shared.ts';

/**
 * One request: is it within the rate, and is there room in the budgets? If both, it is counted and reserved.
 *
 * Keys: epoch, budget, rate, places, journal, generations. Arguments: epoch, generation, replica, amount (-1: no budget), three limits (-1: none),
 * rate (0: none), its window in ms, request, facts. Answer: what came of it (0 yes, 1 rate, 2 budget, 3 the user's budget is not
 * loaded, 4 another epoch, 5 swept, 6 what would do is held by replicas, and may come back), now, remaining, ms until there is one
 * more, and for a budget: period (1 to 3), limit, spent, reserved.
 */
export const ADMIT = script(
  clock,
  periods,
  membership,
  rates,
  budgets,
  `
local now = clock()
local why = refused(KEYS[1], KEYS[6], ARGV[1], ARGV[3], ARGV[2])
if why then return {why, now, 0, 0} end
local amount = tonumber(ARGV[4])
local b
if amount >= 0 then
  b = read_budget(KEYS[2])
  if not b[1] then return {3, now, 0, 0} end
end
local most, window = tonumber(ARGV[8]), tonumber(ARGV[9])
local used, oldest, held = 0, now, 0
if most > 0 then
  local mine, others = held_places(KEYS[4], KEYS[3], now, window, ARGV[3])
  held = (mine or 0) + others
  used, oldest = used_requests(KEYS[3], now, window)
  if used >= most then return {1, now, 0, oldest + window - now} end
  if used + held >= most then return {6, now, 0, 0} end
end
local full, spent, limit
local reserved = b and tonumber(b[10] or 0) or 0
-- What costs nothing passes whatever was spent.
if amount > 0 then
  for i, one in ipairs(each_period(KEYS[2], b, now, {ARGV[5], ARGV[6], ARGV[7]})) do
    if not full and one.limit and one.spent + reserved + amount > one.limit then
      full, spent, limit = i, one.spent, one.limit
      local credit = tonumber(b[11] or 0)
      if credit > 0 and spent + reserved - credit + amount <= limit then
        return {6, now, 0, 0, i, whole(limit), whole(spent), whole(reserved)}
      end
    end
  end
end
local remaining, wait = 0, 0
if most > 0 then
  add_requests(KEYS[3], now, window, 1)
  remaining = most - used - held - 1
  wait = oldest + window - now
end
if full then return {2, now, remaining, wait, full, whole(limit), whole(spent), whole(reserved)} end
if amount >= 0 then
  if amount > 0 then redis.call('HINCRBY', KEYS[2], 'r', whole(amount)) end
  redis.call('HSET', KEYS[5], ARGV[10], 'R' .. ARGV[1] .. '|' .. whole(amount) .. '|' .. whole(now) .. '|' .. ARGV[11])
end
return {0, now, remaining, wait}
`,
);
