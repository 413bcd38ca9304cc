import { describe, expect, it } from '@jest/globals';
import { environments, isEnvironmentName } from '../../stacks/environments.ts';

describe('environments', () => {
  it('carry the names that they are found by', () => {
    for (const [name, environment] of Object.entries(environments)) expect(environment.name).toBe(name);
    expect(isEnvironmentName('local')).toBe(true);
    expect(isEnvironmentName('toString')).toBe(false);
  });

  it('give a reason for each replacement', () => {
    const all = Object.values(environments).flatMap(({ replacements }) => replacements);
    expect(all.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });

  it('deploy to a context of its own locally, so that no other kubeconfig is ever hit', () => {
    expect(environments.local.kubeContext).toBe('keelson');
  });

  it('protect data where people rely on it', () => {
    expect(environments.prod.protectStateful && environments.staging.protectStateful).toBe(true);
  });

  it('run more than one replica where an outage counts', () => {
    expect(environments.prod.replicas).toBeGreaterThan(1);
  });
});
