import type { Policies, ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import type { Manifest } from '../constructs/bridge/manifest.ts';
import { problem } from '../constructs/problem.ts';
import { isExcepted } from './exceptions.ts';
import type { ObjectRule, StackRule } from './rule.ts';

/** The rules in the form that the policy engine runs. */
export function policiesFrom(objectRules: readonly ObjectRule[], stackRules: readonly StackRule[]): Policies {
  return [...objectRules.map(objectPolicy), ...stackRules.map(stackPolicy)];
}

function objectPolicy(rule: ObjectRule): ResourceValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    enforcementLevel: rule.level,
    validateResource: ({ type, props }, report) => {
      const manifest = manifestOf(type, props);
      if (manifest === undefined || isExcepted(rule.name, manifest)) return;
      for (const found of rule.check(manifest)) report(problem(found));
    },
  };
}

function stackPolicy(rule: StackRule): StackValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    enforcementLevel: rule.level,
    validateStack: ({ resources }, report) => {
      const manifests = resources.flatMap(({ type, props }) => manifestOf(type, props) ?? []);
      for (const found of rule.checkAll(manifests)) report(problem(found));
    },
  };
}

/**
 * The manifest behind a resource; undefined for what is no Kubernetes object (the stack, components, providers, AWS).
 * Version and kind come from the type, because the engine may hand over properties without them.
 */
export function manifestOf(type: string, props: Readonly<Record<string, unknown>>): Manifest | undefined {
  const match = /^kubernetes:([^:]+):(\w+)$/.exec(type);
  const [, version, kind] = match ?? [];
  if (version === undefined || kind === undefined) return undefined;
  const apiVersion = version.replace(/^core\//, '');
  // Properties of a resource are plain data; the engine types them as any.
  return { ...(props as Manifest), apiVersion, kind };
}
