import type { GatewayCall } from '../gateway/call.ts';
import type { CachedAnswer, ResponseCache } from '../gateway/response-cache.ts';
import type { AccountingMetrics } from '../limits/accounting-metrics.ts';
import type { Policy } from '../limits/policy.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { RedisConnection } from '../stores/redis/connection.ts';
import { script } from '../stores/redis/script.ts';
import { exactKey, type SemanticKey, semanticKey } from './key.ts';
import { cosine, pack } from './vector.ts';

export interface RedisCacheOptions {
  readonly redis: RedisConnection;
  readonly policy: Policy['cache'];
  /** The tenant of a caller. */
  readonly tenantOf: (caller: string) => string;
  /** undefined: questions have to be the same word by word */
  readonly embedder: Embedder | undefined;
  readonly metrics: Pick<AccountingMetrics, 'cacheRequests'>;
  /** How long a question may take to embed before it counts as new. @default 1000 */
  readonly embedTimeoutMs?: number;
}

/** An answer that is larger is not kept: Redis is for small things. */
const LARGEST = 256 * 1024;

/** Keys: scope. Arguments: name of the answer, its vector, seconds to live, most entries. */
const REMEMBER = script(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
while redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) do
  local some = redis.call('HRANDFIELD', KEYS[1], 2)
  redis.call('HDEL', KEYS[1], some[1] == ARGV[1] and some[2] or some[1])
end
`);

/**
 * Answers in Redis: the same question again (exact), and a question that means the same (semantic: everything but the last
 * message is the same, and its embedding is as near as the threshold asks).
 */
export class RedisCache implements ResponseCache {
  readonly #options: RedisCacheOptions;
  /** What a lookup found out, for the store that follows it. */
  readonly #asked = new WeakMap<GatewayCall, { exact: string; semantic?: SemanticKey; vector?: string }>();

  constructor(options: RedisCacheOptions) {
    this.#options = options;
  }

  takes(call: GatewayCall): boolean {
    const { exact, semantic } = this.#options.policy;
    return exact !== undefined || (semantic !== undefined && call.endpoint !== 'embeddings');
  }

  async lookup(call: GatewayCall): Promise<CachedAnswer | undefined> {
    const { metrics } = this.#options;
    try {
      const { answer, result } = await this.#find(call);
      metrics.cacheRequests.inc({ result });
      return answer;
    } catch {
      metrics.cacheRequests.inc({ result: 'error' });
      return undefined;
    }
  }

  store(call: GatewayCall, answer: CachedAnswer): void {
    const asked = this.#asked.get(call) ?? { exact: exactKey(this.#tenant(call), call) };
    this.#asked.delete(call);
    const text = JSON.stringify(answer);
    if (text.length > LARGEST) return;
    const { redis, policy } = this.#options;
    const seconds = Math.max(policy.exact?.ttlSeconds ?? 0, asked.vector ? (policy.semantic?.ttlSeconds ?? 0) : 0);
    if (seconds === 0) return;
    const work = async () => {
      await redis.command('SET', answerKey(asked.exact), text, 'EX', String(seconds));
      if (asked.semantic && asked.vector && policy.semantic)
        await redis.run(
          REMEMBER,
          [scopeKey(asked.semantic.scope)],
          [asked.exact, asked.vector, String(policy.semantic.ttlSeconds), String(policy.semantic.maxEntries)],
        );
    };
    work().catch(() => this.#options.metrics.cacheRequests.inc({ result: 'error' }));
  }

  async #find(
    call: GatewayCall,
  ): Promise<{ answer: CachedAnswer | undefined; result: 'hit' | 'semantic_hit' | 'miss' }> {
    const { policy } = this.#options;
    const tenant = this.#tenant(call);
    const asked: { exact: string; semantic?: SemanticKey; vector?: string } = { exact: exactKey(tenant, call) };
    this.#asked.set(call, asked);
    const same = await this.#read(asked.exact, call);
    if (same) return { answer: same, result: 'hit' };
    const key = policy.semantic && semanticKey(tenant, call);
    const vector = key && (await this.#embed(key.text));
    if (!policy.semantic || !key || vector === undefined) return { answer: undefined, result: 'miss' };
    asked.semantic = key;
    asked.vector = vector;
    const near = await this.#nearest(key.scope, vector, policy.semantic.threshold);
    const answer = near === undefined ? undefined : await this.#read(near, call);
    if (near !== undefined && !answer) await this.#options.redis.command('HDEL', scopeKey(key.scope), near);
    return answer ? { answer, result: 'semantic_hit' } : { answer: undefined, result: 'miss' };
  }

  async #nearest(scope: string, vector: string, threshold: number): Promise<string | undefined> {
    const reply = await this.#options.redis.command('HGETALL', scopeKey(scope));
    const flat = Array.isArray(reply) ? reply.map(String) : [];
    let best: { name: string; cosine: number } | undefined;
    for (let at = 0; at < flat.length; at += 2) {
      const near = cosine(vector, flat[at + 1] ?? '');
      if (near >= threshold && near > (best?.cosine ?? 0)) best = { name: flat[at] ?? '', cosine: near };
    }
    return best?.name;
  }

  async #read(name: string, call: GatewayCall): Promise<CachedAnswer | undefined> {
    const text = await this.#options.redis.command('GET', answerKey(name));
    if (typeof text !== 'string') return undefined;
    const answer = JSON.parse(text) as CachedAnswer; // Written by `store`.
    // The key says so already; an answer from outside to a private call would be the worst of mistakes.
    return call.private && answer.target.tier !== 0 ? undefined : answer;
  }

  async #embed(text: string): Promise<string | undefined> {
    const { embedder, embedTimeoutMs = 1_000 } = this.#options;
    if (!embedder) return undefined;
    // A model that is slow or gone must not hold up the question.
    const vectors = await embedder.embed([text], AbortSignal.timeout(embedTimeoutMs)).catch(() => undefined);
    const vector = vectors?.[0];
    return vector && pack(vector);
  }

  #tenant(call: GatewayCall): string {
    return this.#options.tenantOf(call.caller);
  }
}

function answerKey(name: string): string {
  return `ko:c:${name}`;
}

function scopeKey(scope: string): string {
  return `ko:cs:${scope}`;
}
