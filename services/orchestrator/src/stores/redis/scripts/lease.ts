import { script } from '../script.ts';
import { budgets, clock, membership, periods, rates } from './shared.ts';

/**
 * What a replica gets in advance: places in a rate and credit of a budget, a small part of what is left, and nothing once that is
 * little. Credit counts as reserved, places count as taken. It tells what it used of what it had, and may give back the rest.
 *
 * Keys: epoch, budget, rate, places, journal, generations. Arguments: epoch, generation, replica, field of the credit in the journal; credit
 * given back, wanted, and the least that is of use; three limits (-1: none); rate (0: none), its window in ms; places used, given
 * back, wanted, and the least of use; of what is left the part to give at most (8: an eighth), and how long it is held, in ms.
 * Answer: 0 done, 4 another epoch, 5 swept; now, credit, places, 0 if what was held before had run out, remaining (with its places), ms
 * until there is one more.
 */
export const LEASE = script(
  clock,
  periods,
  membership,
  rates,
  budgets,
  `
local now = clock()
local why = refused(KEYS[1], KEYS[6], ARGV[1], ARGV[3], ARGV[2])
if why then return {why, now} end
local part = tonumber(ARGV[17])

local function move(amount)
  redis.call('HINCRBY', KEYS[2], 'r', whole(amount))
  redis.call('HINCRBY', KEYS[2], 'c', whole(amount))
  if redis.call('HINCRBY', KEYS[5], ARGV[4], whole(amount)) == 0 then redis.call('HDEL', KEYS[5], ARGV[4]) end
end
local credit, back, want = 0, tonumber(ARGV[5]), tonumber(ARGV[6])
if back > 0 then move(-back) end
if want > 0 then
  local b = read_budget(KEYS[2])
  if b[1] then
    credit = want
    for _, one in ipairs(each_period(KEYS[2], b, now, {ARGV[8], ARGV[9], ARGV[10]})) do
      if one.limit then credit = math.min(credit, math.floor((one.limit - one.spent - tonumber(b[10] or 0)) / part)) end
    end
    if credit < tonumber(ARGV[7]) then credit = 0 end
    if credit > 0 then move(credit) end
  end
end

local most, window = tonumber(ARGV[11]), tonumber(ARGV[12])
if most == 0 then return {0, now, whole(credit), 0, 1, 0, 0} end
local mine, others = held_places(KEYS[4], KEYS[3], now, window, ARGV[3])
local left = 0
if mine then
  local used = tonumber(ARGV[13])
  if used > 0 then add_requests(KEYS[3], now, window, used) end
  left = math.max(0, mine - used - tonumber(ARGV[14]))
end
local counted, oldest = used_requests(KEYS[3], now, window)
local free = math.max(0, most - counted - others - left)
local places = math.min(tonumber(ARGV[15]), math.floor(free / part))
if places < tonumber(ARGV[16]) then places = 0 end
if left + places > 0 then
  redis.call('HSET', KEYS[4], ARGV[3], whole(left + places) .. ' ' .. whole(now + ARGV[18]))
  redis.call('PEXPIRE', KEYS[4], window + ARGV[18])
elseif mine then
  redis.call('HDEL', KEYS[4], ARGV[3])
end
return {0, now, whole(credit), places, mine and 1 or 0, free + left, oldest + window - now}
`,
);
