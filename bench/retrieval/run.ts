/**
 * Measures how well the orchestrator finds and answers: over the guides in a folder, against a running orchestrator.
 *
 *   KEELSON_API_TOKEN=… node bench/retrieval/run.ts <folder of guides> [--url http://127.0.0.1:8000] [--json]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { covered, uncovered } from './questions.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string', default: 'http://127.0.0.1:8000' }, json: { type: 'boolean', default: false } },
});
const [folder] = positionals;
const token = process.env.KEELSON_API_TOKEN;
if (folder === undefined || token === undefined) {
  console.error('Use: KEELSON_API_TOKEN=… node bench/retrieval/run.ts <folder of guides> [--url …] [--json]');
  process.exit(64);
}

interface Passage {
  readonly document: string;
  readonly passage: string;
  readonly score: number;
}

async function call<T>(path: string, body: object): Promise<T> {
  const answer = await fetch(new URL(path, values.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  // The orchestrator's contract, which its own tests hold to.
  return (await answer.json()) as T;
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.md'))) {
  await call('/api/v1/documents', { id: file, text: readFileSync(join(folder, file), 'utf8') });
}

const missed: string[] = [];
const wrong: string[] = [];
const times: number[] = [];
const counts = { first: 0, firstThree: 0, answered: 0, inAnswer: 0 };
for (const { question, guide, holds } of covered) {
  const { results } = await call<{ results: Passage[] }>('/api/v1/search', { query: question });
  const at = results.findIndex((found) => found.document.startsWith(guide) && found.passage.includes(holds));
  if (at === 0) counts.first += 1;
  else missed.push(`${question} (place ${at < 0 ? 'none' : at + 1})`);
  if (at >= 0 && at < 3) counts.firstThree += 1;
  const started = performance.now();
  const { grounded, answer } = await call<{ grounded: boolean; answer: string }>('/api/v1/query', { query: question });
  times.push(performance.now() - started);
  if (grounded) counts.answered += 1;
  if (answer.includes(holds)) counts.inAnswer += 1;
}
for (const question of uncovered) {
  if ((await call<{ grounded: boolean }>('/api/v1/query', { query: question })).grounded) wrong.push(question);
}
times.sort((a, b) => a - b);
const at = (share: number) => Math.round((times[Math.floor((times.length - 1) * share)] ?? 0) * 10) / 10;
const result = {
  covered: covered.length,
  ...counts,
  uncovered: uncovered.length,
  falseAnswers: wrong.length,
  queryMs: { p50: at(0.5), p95: at(0.95) },
  missed,
  wrong,
};
if (values.json) console.log(JSON.stringify(result, undefined, 2));
else {
  const share = (count: number, of: number) => `${count} of ${of}`;
  console.log(`right passage first        ${share(counts.first, covered.length)}`);
  console.log(`right passage in first 3   ${share(counts.firstThree, covered.length)}`);
  console.log(`answered                   ${share(counts.answered, covered.length)}`);
  console.log(`right fact in the answer   ${share(counts.inAnswer, covered.length)}`);
  console.log(`answered without a source  ${share(wrong.length, uncovered.length)}`);
  console.log(`query, ms                  p50 ${result.queryMs.p50}, p95 ${result.queryMs.p95}`);
  for (const line of [...missed.map((text) => `not first: ${text}`), ...wrong.map((text) => `wrong: ${text}`)])
    console.log(line);
}
