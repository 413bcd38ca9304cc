import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { TalliedCounter } from '../../../services/orchestrator/src/tally.ts';

it('tells prom-client what its series counted, once, and beside what was counted without them', async () => {
  const registry = new Registry();
  const counter = new TalliedCounter({ name: 'calls_total', help: 'x', labelNames: ['kind'], registers: [registry] });
  const [a, b] = [counter.series({ kind: 'a' }), counter.series({ kind: 'b' })];
  const read = async () => (await registry.metrics()).split('\n').filter((line) => line.startsWith('calls_total'));
  expect(await read()).toEqual([]);
  a.add();
  a.add(2);
  counter.inc({ kind: 'a' });
  expect(await read()).toEqual(['calls_total{kind="a"} 4']);
  b.add(0.5);
  expect((await read()).sort()).toEqual(['calls_total{kind="a"} 4', 'calls_total{kind="b"} 0.5']);
});
