import { describe, expect, it } from '@jest/globals';
import { changesFor, controllersIn, restingReplicas } from '../../../local/start/resting.ts';

interface Fact {
  readonly name: string;
  readonly platform?: string;
  readonly replicas?: number;
  readonly before?: string;
}

function list(facts: readonly Fact[]): string {
  const items = facts.map(({ name, platform, replicas, before }) => ({
    kind: 'Deployment',
    metadata: {
      namespace: 'n',
      name,
      labels: platform && { 'app.kubernetes.io/part-of': platform, 'app.kubernetes.io/managed-by': 'pulumi' },
      annotations: before && { [restingReplicas]: before },
    },
    spec: { replicas },
  }));
  return JSON.stringify({ items });
}

const changes = (facts: readonly Fact[]) =>
  changesFor('one', controllersIn(list(facts))).map(({ controller, replicas, before }) => [
    controller.name,
    replicas,
    before,
  ]);

describe('rest', () => {
  it('takes the replicas of other platforms away, and remembers how many there were', () => {
    expect(
      changes([
        { name: 'a', platform: 'one', replicas: 2 },
        { name: 'b', platform: 'two', replicas: 3 },
      ]),
    ).toEqual([['b', 0, 3]]);
  });

  it('gives this platform back what it had', () => {
    expect(changes([{ name: 'a', platform: 'one', replicas: 0, before: '3' }])).toEqual([['a', 3, null]]);
  });

  it('leaves alone what rests already, and what belongs to no platform', () => {
    expect(
      changes([
        { name: 'b', platform: 'two', replicas: 0, before: '3' },
        { name: 'coredns', replicas: 1 },
      ]),
    ).toEqual([]);
  });

  it('remembers the first number when something came back by itself', () => {
    expect(changes([{ name: 'b', platform: 'two', replicas: 1, before: '3' }])).toEqual([['b', 0, 3]]);
  });
});
