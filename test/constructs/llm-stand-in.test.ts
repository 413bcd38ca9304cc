import { describe, expect, it } from '@jest/globals';
import { LlmStandIn } from '../../constructs/index.ts';
import { bench, envOf, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

function standIn(models: readonly string[]) {
  const on = bench();
  new LlmStandIn(on.namespace, 'stand-in', { images: on.images, resources: small, models });
  return on;
}

describe('LlmStandIn', () => {
  it('answers under the names that it is given', () => {
    const manifests = standIn(['gpt-4', 'other']).synth();
    expect(envOf(manifests, 'llm-stand-in')).toEqual({ PORT: '8000', MODELS: 'gpt-4,other' });
    expect(restrictedViolations(podOf(manifests, 'llm-stand-in'))).toEqual([]);
  });

  it.each([
    [[], /models is \[\]: name at least one model/],
    [['a,b'], /models is "a,b": use a name without commas/],
  ])('refuses %j', (models, message) => {
    expect(synthError(standIn(models).synth)).toMatch(message);
  });
});
