import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Gathering } from '../../../../services/orchestrator/src/workers/gathering.ts';

/** A process that counts. */
class Process {
  readonly registry = new Registry();
  readonly calls = new Counter({ name: 'calls_total', help: 'x', registers: [this.registry] });
  readonly seconds = new Histogram({ name: 'seconds', help: 'x', buckets: [1], registers: [this.registry] });
  readonly worst = new Gauge({ name: 'worst', help: 'x', aggregator: 'max', registers: [this.registry] });
}

/** Gathers from processes by their place. */
async function gathered(gathering: Gathering, processes: readonly Process[]): Promise<readonly string[]> {
  const text = await gathering.gather(
    processes.map((_, at) => at),
    (at, round) => void processes[at]?.registry.getMetricsAsJSON().then((found) => gathering.report(at, round, found)),
  );
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('Gathering', () => {
  it('adds up what workers count, and takes of a state what its gauge says', async () => {
    const [a, b] = [new Process(), new Process()];
    a.calls.inc(2);
    b.calls.inc(3);
    a.seconds.observe(0.5);
    b.seconds.observe(2);
    a.worst.set(2);
    b.worst.set(1);
    expect(await gathered(new Gathering(), [a, b])).toEqual([
      'calls_total 5',
      'seconds_bucket{le="1"} 1',
      'seconds_bucket{le="+Inf"} 2',
      'seconds_sum 2.5',
      'seconds_count 2',
      'worst 2',
    ]);
  });

  it('keeps what a worker counted that is no more, and forgets its state', async () => {
    const gathering = new Gathering();
    const [a, b] = [new Process(), new Process()];
    a.calls.inc(2);
    b.calls.inc(40);
    b.seconds.observe(2);
    b.worst.set(9);
    await gathered(gathering, [a, b]);
    await gathering.left(1);
    a.calls.inc();
    expect(await gathered(gathering, [a])).toEqual(
      expect.arrayContaining(['calls_total 43', 'seconds_count 1', 'worst 0']),
    );
  });

  it('does not wait for a worker that ends meanwhile', async () => {
    const gathering = new Gathering();
    const text = gathering.gather([1], () => undefined);
    await gathering.left(1);
    expect((await text).trim()).toBe('');
  });

  it('says nothing where nobody is to be asked', async () => {
    expect((await new Gathering().gather([], () => undefined)).trim()).toBe('');
  });
});
