/** A value as it stands in a manifest. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** An object within a manifest. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A Kubernetes object as plain data. */
export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject;
}

/** Whether a value is an object (neither a list nor null). */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value under a path of keys, or undefined where the path ends early. */
export function at(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

/** The text under a path of keys; undefined where there is none. */
export function textAt(value: Json | undefined, ...keys: readonly string[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === 'string' ? found : undefined;
}

/** The objects of the list under a path of keys; empty where there is none. */
export function objectsAt(value: Json | undefined, ...keys: readonly string[]): readonly JsonObject[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** API group of an `apiVersion`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Where the pod specification of each kind stands. */
const podSpecPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  LeaderWorkerSet: ['spec', 'leaderWorkerTemplate', 'leaderTemplate', 'spec'],
};

/** Path of keys to the pod specification that an object of this kind makes; undefined for kinds that make no pods. */
export function podSpecPath(kind: string): readonly string[] | undefined {
  return podSpecPaths[kind];
}

/** The pod specification within a manifest. */
export function podSpecOf(manifest: Manifest): JsonObject | undefined {
  const path = podSpecPath(manifest.kind);
  const spec = path === undefined ? undefined : at(manifest, ...path);
  return isObject(spec) ? spec : undefined;
}

/** Labels of the pods that an object makes. */
export function podLabelsOf(manifest: Manifest): JsonObject | undefined {
  const path = podSpecPath(manifest.kind);
  if (path === undefined) return undefined;
  const labels = at(manifest, ...path.slice(0, -1), 'metadata', 'labels');
  return isObject(labels) ? labels : {};
}
