import type { CustomResource, CustomResourceOptions } from '@pulumi/pulumi';
import type { Plan } from './plan.ts';
import type { Resolved } from './tokens.ts';

/** Constructor that all classes of the Kubernetes SDK share. */
export type ResourceClass = new (
  name: string,
  args: { readonly [key: string]: Resolved },
  options: CustomResourceOptions,
) => CustomResource;

/** Finds the class for an object. */
export type FindClass = (apiVersion: string, kind: string) => ResourceClass;

// One folder of the SDK per API version: loading those that the plan needs takes a third of the time of the whole SDK.
const modules: Readonly<Record<string, () => Promise<object>>> = {
  v1: () => import('@pulumi/kubernetes/core/v1/index.js'),
  'admissionregistration.k8s.io/v1': () => import('@pulumi/kubernetes/admissionregistration/v1/index.js'),
  'apiextensions.k8s.io/v1': () => import('@pulumi/kubernetes/apiextensions/v1/index.js'),
  'apps/v1': () => import('@pulumi/kubernetes/apps/v1/index.js'),
  'autoscaling/v2': () => import('@pulumi/kubernetes/autoscaling/v2/index.js'),
  'batch/v1': () => import('@pulumi/kubernetes/batch/v1/index.js'),
  'networking.k8s.io/v1': () => import('@pulumi/kubernetes/networking/v1/index.js'),
  'node.k8s.io/v1': () => import('@pulumi/kubernetes/node/v1/index.js'),
  'policy/v1': () => import('@pulumi/kubernetes/policy/v1/index.js'),
  'rbac.authorization.k8s.io/v1': () => import('@pulumi/kubernetes/rbac/v1/index.js'),
  'scheduling.k8s.io/v1': () => import('@pulumi/kubernetes/scheduling/v1/index.js'),
  'storage.k8s.io/v1': () => import('@pulumi/kubernetes/storage/v1/index.js'),
};

/**
 * Loads the typed classes that a plan needs. Anything else is a custom resource, and gets the class for those, which
 * passes every field on.
 */
export async function loadClasses(plan: Plan): Promise<FindClass> {
  const versions = [...new Set(plan.map(({ apiVersion }) => apiVersion))];
  const [{ CustomResource: Custom }, ...loaded] = await Promise.all([
    import('@pulumi/kubernetes/apiextensions/customResource.js'),
    ...versions.map(async (version) => [version, await modules[version]?.()] as const),
  ]);
  const byVersion = new Map(loaded);
  return (apiVersion, kind) => {
    const found: unknown = Object.entries(byVersion.get(apiVersion) ?? {}).find(([name]) => name === kind)?.[1];
    // The SDK's classes differ only in the type of their arguments, and those are manifests that the API's schema rules.
    return (found ?? Custom) as ResourceClass;
  };
}
