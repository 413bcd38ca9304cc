import { describe, expect, it } from '@jest/globals';
import { reasonsIn } from '../../../local/deploy/pulumi.ts';

const violated = `Previewing update (multi-agent-rag.local):

Policies:
    ❌ keelson@v0.1.0 (local: policies)
        - [mandatory]  pinned-images  (kubernetes:core/v1:Pod: pod/multi-agent-rag/rogue)
          spec.containers[shell].image is "busybox:latest": name the version: repository:version@digest

Diagnostics:
  pulumi:pulumi:Stack (keelson-multi-agent-rag.local):
    error: preview failed

Resources:
    + 1 to create
    65 unchanged
`;

describe('reasonsIn', () => {
  it('keeps what says why a preview failed', () => {
    const lines = reasonsIn(violated).split('\n');
    expect(lines[0]).toBe('Policies:');
    expect(lines).toContain(
      '          spec.containers[shell].image is "busybox:latest": name the version: repository:version@digest',
    );
    expect(lines.at(-1)).toBe('    error: preview failed');
  });

  it('gives all of an output of another form', () => {
    expect(reasonsIn('error: no stack named x\n')).toBe('error: no stack named x');
  });
});
