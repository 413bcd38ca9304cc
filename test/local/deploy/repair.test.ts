import { describe, expect, it } from '@jest/globals';
import { adoptPendingCreations, objectId } from '../../../local/deploy/repair.ts';

const urn = (name: string): string => `urn:pulumi:s::keelson::t$kubernetes:apps/v1:StatefulSet::${name}`;

describe('an interrupted update', () => {
  it('finds the provider identifiers in the names of the resources', () => {
    expect(objectId(urn('statefulset/multi-agent-rag/redis'))).toBe('multi-agent-rag/redis');
    expect(objectId(urn('namespace/multi-agent-rag'))).toBe('multi-agent-rag');
  });

  it('takes what was being created over, and forgets every operation', () => {
    const state = {
      version: 3,
      deployment: {
        resources: [{ urn: urn('statefulset/a/first') }],
        pending_operations: [
          { type: 'creating', resource: { urn: urn('statefulset/a/second'), inputs: { kind: 'StatefulSet' } } },
          { type: 'updating', resource: { urn: urn('statefulset/a/first') } },
        ],
      },
    };
    const { state: mended, adopted } = adoptPendingCreations(state);
    expect(adopted).toEqual([urn('statefulset/a/second')]);
    expect(mended).toEqual({
      version: 3,
      deployment: {
        resources: [
          { urn: urn('statefulset/a/first') },
          {
            urn: urn('statefulset/a/second'),
            inputs: { kind: 'StatefulSet' },
            outputs: { kind: 'StatefulSet' },
            custom: true,
            id: 'a/second',
          },
        ],
        pending_operations: [],
      },
    });
  });

  it('changes nothing in a stack that never had an update', () => {
    expect(adoptPendingCreations({ version: 3, deployment: null }).adopted).toEqual([]);
  });
});
