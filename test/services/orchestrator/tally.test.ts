import { expect, it } from '@jest/globals';
import { Histogram, Registry } from 'prom-client';
import { TalliedCounter, TalliedHistogram } from '../../../services/orchestrator/src/tally.ts';

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

it('says of a histogram what prom-client would', async () => {
  const configuration = { name: 'seconds', help: 'x', labelNames: ['route'] as const, buckets: [0.1, 0.5, 1] };
  const [theirs, ours] = [new Registry(), new Registry()];
  const known = new Histogram({ ...configuration, registers: [theirs] });
  const histogram = new TalliedHistogram({ ...configuration, registers: [ours] });
  expect(await ours.metrics()).toBe(await theirs.metrics());
  for (const [route, values] of [
    ['/a', [0.1, 0.2, 5, 1]],
    ['/b', [0]],
  ] as const) {
    const series = histogram.series({ route });
    for (const value of values) {
      known.observe({ route }, value);
      series.observe(value);
    }
  }
  expect(await ours.metrics()).toBe(await theirs.metrics());
  // Exemplars were not asked for.
  const plain = (found: unknown): unknown =>
    JSON.parse(JSON.stringify(found, (key, value) => (key === 'exemplar' ? undefined : value)));
  expect(plain(await ours.getMetricsAsJSON())).toEqual(plain(await theirs.getMetricsAsJSON()));
});
