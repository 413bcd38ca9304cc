import { at, isObject, type Json, type Manifest, podLabelsOf, textAt } from '../../constructs/bridge/manifest.ts';
import type { StackRule } from '../rule.ts';

/** A namespace without it lets every pod talk to every other. */
export const defaultDeny: StackRule = {
  name: 'default-deny',
  description: 'Every namespace denies all traffic that no policy allows, in both directions.',
  level: 'mandatory',
  checkAll: (manifests) => {
    const denied = new Set(manifests.filter(deniesAll).map((policy) => textAt(policy, 'metadata', 'namespace')));
    return [...namespacesOf(manifests)]
      .filter((namespace) => !denied.has(namespace))
      .map((namespace) => ({
        path: `namespace/${namespace}`,
        value: 'no policy that denies by default',
        cure: 'add a NetworkPolicy with an empty podSelector, both policyTypes and no rules; the Namespace construct has it',
      }));
  },
};

/** Namespaces that the stack makes, and those that it puts pods into. */
function namespacesOf(manifests: readonly Manifest[]): ReadonlySet<string> {
  const names = manifests.map((manifest) => {
    if (manifest.kind === 'Namespace') return textAt(manifest, 'metadata', 'name');
    return podLabelsOf(manifest) === undefined ? undefined : (textAt(manifest, 'metadata', 'namespace') ?? 'default');
  });
  return new Set(names.filter((name) => name !== undefined));
}

function deniesAll(manifest: Manifest): boolean {
  if (manifest.kind !== 'NetworkPolicy') return false;
  const spec = manifest.spec;
  const types = at(spec, 'policyTypes');
  return (
    isEmpty(at(spec, 'podSelector')) &&
    Array.isArray(types) &&
    types.includes('Ingress') &&
    types.includes('Egress') &&
    isEmpty(at(spec, 'ingress')) &&
    isEmpty(at(spec, 'egress'))
  );
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.values(value).every(isEmpty);
}
