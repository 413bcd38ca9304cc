import { script } from '../script.ts';
import { epoch } from './shared.ts';

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

/**
 * A limit that was set or taken away. Keys: budget. Arguments: field, limit ('' for none). Answer: what replicas still hold of the budget
 * as it was.
 */
export const LIMIT = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return redis.call('HGET', KEYS[1], 'c') or 0
`);
