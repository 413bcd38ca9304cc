import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { keelson, paths, ports } from './support/platform.ts';

const api = (route: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${ports.orchestrator}${route}`, {
    ...init,
    headers: {
      authorization: `Bearer ${readFileSync(paths().apiToken, 'utf8').trim()}`,
      'content-type': 'application/json',
    },
  });

interface Answer {
  readonly answer: string;
  readonly grounded: boolean;
  readonly citations: readonly {
    readonly source: string;
    readonly heading: string;
    readonly passage: string;
    readonly score: number;
  }[];
}

/** Asks with the command that a person uses. */
async function ask(question: string): Promise<Answer> {
  const { exitCode, stdout, all } = await keelson('ask', '--json', question);
  if (exitCode !== 0) throw new Error(all);
  // The contract of POST /api/v1/query.
  return JSON.parse(stdout) as Answer;
}

describe('questions over ingested documents', () => {
  it.each([
    ['How often are the gudgeons greased?', 'ninth tide', 'tide-mill.md'],
    ['How many turns of the windlass open the sluice?', 'windlass --turns 11', 'tide-mill.md'],
    ['At what wind speed is the dome closed?', '18 metres per second', 'observatory.txt'],
  ])('%s', async (question, expected, file) => {
    const answer = await ask(question);
    expect(answer.grounded).toBe(true);
    expect(answer.answer).toContain(expected);
    expect(answer.citations[0]).toMatchObject({
      source: expect.stringContaining(`/${file}`),
      score: expect.any(Number),
    });
  });

  it('says that no document covers a question rather than inventing', async () => {
    const answer = await ask('Which river flows through Vienna?');
    expect(answer).toMatchObject({ grounded: false, citations: [] });
  });

  it('prints the answer and its source for a person', async () => {
    const { stdout } = await keelson('ask', 'Which wood are the cogs of the pit wheel made of?');
    expect(stdout).toContain('apple wood');
    expect(stdout).toContain('tide-mill.md');
  });

  it('takes the same documents again without changing anything', async () => {
    const before = await (
      await api('/api/v1/search', { method: 'POST', body: JSON.stringify({ query: 'cogs' }) })
    ).json();
    const { exitCode } = await keelson('ingest', path.join(import.meta.dirname, 'documents'));
    expect(exitCode).toBe(0);
    const after = await (
      await api('/api/v1/search', { method: 'POST', body: JSON.stringify({ query: 'cogs' }) })
    ).json();
    expect(after).toEqual(before);
  });

  it('forgets a deleted document', async () => {
    const id = 'e2e/heron';
    await api('/api/v1/documents', {
      method: 'POST',
      body: JSON.stringify({ id, text: 'The heron colony of Osterholt counts 212 nests.' }),
    });
    expect((await ask('How many nests has the heron colony of Osterholt?')).answer).toContain('212');
    expect((await api(`/api/v1/documents/${encodeURIComponent(id)}`, { method: 'DELETE', headers: {} })).ok).toBe(true);
    expect((await ask('How many nests has the heron colony of Osterholt?')).answer).not.toContain('212');
  });

  it('wants a token that it knows, or none', async () => {
    const headers = { authorization: 'Bearer made-up-by-somebody' };
    const response = await fetch(`http://127.0.0.1:${ports.orchestrator}/api/v1/query`, { method: 'POST', headers });
    expect(response.status).toBe(401);
  });

  it('reports each dependency as reachable', async () => {
    const health = await (await api('/health/detailed')).text();
    for (const name of ['redis', 'postgres', 'milvus', 'inference']) expect(health).toContain(name);
    expect(health).not.toContain('"down"');
  });
});
