import { script } from '../script.ts';
import { clock, rates } from './shared.ts';

/** Requests that a replica let through before Redis forgot them. Keys: rate. Arguments: window in ms, then moments and how many at each. */
export const RECALL = script(
  clock,
  rates,
  `
local all, before = {}, 0
for i, text in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local moment, total = run(text)
  if i > 1 then all[#all + 1] = {moment, total - before} end
  before = total
end
for i = 2, #ARGV, 2 do all[#all + 1] = {tonumber(ARGV[i]), tonumber(ARGV[i + 1])} end
table.sort(all, function(a, b) return a[1] < b[1] end)
redis.call('DEL', KEYS[1])
for _, one in ipairs(all) do add_requests(KEYS[1], one[1], tonumber(ARGV[1]), one[2]) end
return #all
`,
);
