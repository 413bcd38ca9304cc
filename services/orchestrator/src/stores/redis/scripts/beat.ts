import { script } from '../script.ts';
import { clock } from './shared.ts';

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
