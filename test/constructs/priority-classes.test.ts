import { describe, expect, it } from '@jest/globals';
import { PriorityClasses } from '../../constructs/index.ts';
import { bench, object, objects } from '../support/manifests.ts';

describe('PriorityClasses', () => {
  const on = bench();
  const classes = new PriorityClasses(on.chart, 'priorities', { platform: 'qratum' });
  const manifests = on.synth();

  it('let data push out what serves, and serving push out what can wait', () => {
    const value = (name: 'data' | 'serving' | 'monitoring' | 'batch') =>
      Number(object(manifests, 'PriorityClass', classes.name(name)).value);
    expect([value('data'), value('serving'), value('monitoring'), value('batch')]).toEqual(
      [value('batch'), value('monitoring'), value('serving'), value('data')].sort((a, b) => b - a),
    );
    // Those of Kubernetes itself begin at two billion, and what says nothing has 0.
    expect(value('data')).toBeLessThan(1_000_000_000);
    expect(value('batch')).toBeGreaterThan(0);
  });

  it('let nothing that watches or waits push others out, and are nobody’s default', () => {
    const never = objects(manifests, 'PriorityClass').filter(({ preemptionPolicy }) => preemptionPolicy === 'Never');
    expect(never.map(({ metadata }) => metadata.name).sort()).toEqual(['qratum-batch', 'qratum-monitoring']);
    for (const each of objects(manifests, 'PriorityClass')) expect(each.globalDefault).toBe(false);
  });
});
