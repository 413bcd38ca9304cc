/**
 * What replicas decide together, in Redis: a script runs as a whole, so that no other command comes in between. Times are Redis' own;
 * amounts are nano US dollars (whole numbers below 2^53, which Lua's numbers hold exactly).
 *
 * Keys, all with the prefix `ko:`
 * - `epoch`: which life of the data this is: `id`, `run` (Redis' own run id), `since`, `expected` (replicas)
 * - `replicas`: sorted set, replica -> until when it is taken for alive; `journals`: set, replicas that may have left a journal;
 *   `generations`: hash, replica -> its generation, which ends when its journal is swept
 * - `maintenance`: the newest state of the maintenance mode
 * - `b:<epoch>:<user>`: hash: per period (d, w, m) its number `.p`, what was spent in it `.s`, a limit that was set `.l`; `r`, what is
 *   reserved; and `c`, the part of `r` that replicas hold as credit. Made from PostgreSQL when it is missing.
 * - `r:<epoch>:<who>:<endpoint>`: the requests that count; `p:<epoch>:<who>:<endpoint>`: the places that replicas hold
 * - `journal:<replica>`: hash: request -> `R<epoch>|<amount>|<at>|<facts>` once it is admitted, `S<row>` once it is settled and until
 *   the row is in PostgreSQL; `<request>!` -> the backend, once one is asked; `$<epoch> <endpoint> <user>` -> credit that it holds
 */
import { ADMIT } from './scripts/admit.ts';
import { BEAT } from './scripts/beat.ts';
import { LIMIT, LOAD } from './scripts/budget.ts';
import { NOTE, REFUND, RETURN, SETTLE } from './scripts/journal.ts';
import { LEASE } from './scripts/lease.ts';
import { RECALL } from './scripts/recall.ts';

/** All of them. */
export const ALL = [ADMIT, LEASE, NOTE, SETTLE, REFUND, RETURN, LOAD, LIMIT, RECALL, BEAT] as const;

export { ADMIT, BEAT, LEASE, LIMIT, LOAD, NOTE, RECALL, REFUND, RETURN, SETTLE };
