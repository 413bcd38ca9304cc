import { ApiObject, type App, Chart, DependencyGraph } from 'cdk8s';
import { problem } from '../problem.ts';
import { at, groupOf, isObject, type JsonObject, type Manifest, podLabelsOf, textAt } from './manifest.ts';
import { identity, madeBy, policySelects, referencesOf } from './references.ts';

/** One object to register, with everything that the registration needs to know. */
export interface PlannedObject {
  /** Name of the resource in Pulumi: kind, namespace, name. It stays the same for as long as the object does. */
  readonly id: string;
  /** The chart that made it. */
  readonly chart: string;
  /** Path of its construct, for messages. */
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly manifest: Manifest;
  /** Ids of the objects that have to be ready before this one. */
  readonly dependsOn: readonly string[];
}

/** Objects in an order in which each one comes after all that it depends on. */
export type Plan = readonly PlannedObject[];

interface Draft extends Omit<PlannedObject, 'dependsOn'> {
  readonly object: ApiObject;
  readonly key: string;
}

/**
 * Turns the charts of an app into an ordered list of objects. Pure: registers nothing, reads nothing.
 *
 * Fails on two objects with one identity and on objects that wait for each other in a circle.
 */
export function plan(app: App): Plan {
  const drafts = app.charts.flatMap(draftsOf);
  const byKey = new Map<string, Draft>();
  for (const draft of drafts) {
    const other = byKey.get(draft.key);
    if (other !== undefined) {
      throw new Error(
        `[${draft.path}] ${problem({ path: 'metadata.name', value: draft.name, cure: `[${other.path}] has the same ${draft.kind}: give one of them another name` })}`,
      );
    }
    byKey.set(draft.key, draft);
  }
  for (const draft of drafts) {
    for (const made of madeBy(draft.manifest)) if (!byKey.has(identity(made))) byKey.set(identity(made), draft);
  }
  const byObject = new Map(drafts.map((draft) => [draft.object, draft]));
  // By the name in their selector, where there is one: most policies are of one workload, and there are as many of both.
  const policies = Map.groupBy(
    drafts.filter(({ kind }) => kind === 'NetworkPolicy'),
    ({ namespace, manifest }) => `${namespace}/${textAt(manifest, 'spec', 'podSelector', 'matchLabels', 'app') ?? ''}`,
  );
  const definitions = new Map(
    drafts
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .map((draft) => [
        `${textAt(draft.manifest, 'spec', 'group')}/${textAt(draft.manifest, 'spec', 'names', 'kind')}`,
        draft,
      ]),
  );

  const planned = drafts.map((draft): PlannedObject => {
    const waitsFor = new Set<Draft | undefined>([
      // After toJson, cdk8s has broken every declared dependency down to objects, across charts as well.
      ...draft.object.node.dependencies
        .filter((found) => found instanceof ApiObject)
        .map((found) => byObject.get(found)),
      ...referencesOf(draft.manifest).map((reference) => byKey.get(identity(reference))),
      definitions.get(`${groupOf(draft.apiVersion)}/${draft.kind}`),
      // A pod that starts before its policies would be open, or cut off, for that moment.
      ...['', textAt(podLabelsOf(draft.manifest), 'app')]
        .flatMap((app) => (app === undefined ? [] : (policies.get(`${draft.namespace}/${app}`) ?? [])))
        .filter((policy) => policySelects(policy.manifest, draft.manifest)),
    ]);
    waitsFor.delete(undefined);
    waitsFor.delete(draft);
    const { object: _object, key: _key, ...rest } = draft;
    const dependsOn = [...waitsFor].flatMap((found) => (found === undefined ? [] : [found.id])).sort();
    return { ...rest, manifest: withAwaitRules(rest.manifest), dependsOn };
  });
  return ordered(planned);
}

function draftsOf(chart: Chart): readonly Draft[] {
  // cdk8s types the result as any[]; these are the manifests of the objects below, in the same order.
  const manifests: readonly Manifest[] = chart.toJson();
  const objects = new DependencyGraph(chart.node)
    .topology()
    .filter((found): found is ApiObject => found instanceof ApiObject)
    .filter((found) => Chart.of(found) === chart);
  return objects.map((object, index) => {
    const manifest = manifests[index];
    if (
      manifest === undefined ||
      manifest.kind !== object.kind ||
      textAt(manifest, 'metadata', 'name') !== object.name
    ) {
      throw new Error(
        `[${object.node.path}] the manifests of chart "${chart.node.path}" are not in the order of its objects; does this version of cdk8s sort them otherwise?`,
      );
    }
    const namespace = textAt(manifest, 'metadata', 'namespace');
    const group = groupOf(object.apiVersion);
    const place = { name: object.name, ...(namespace === undefined ? {} : { namespace }) };
    return {
      object,
      key: identity({ group, kind: object.kind, ...place }),
      id: [resourceKind(group, object.kind), ...(namespace === undefined ? [] : [namespace]), object.name].join('/'),
      chart: chart.node.id,
      path: object.node.path,
      apiVersion: object.apiVersion,
      kind: object.kind,
      manifest,
      ...place,
    };
  });
}

/** Kinds of the API server itself have names that nobody else uses; those of custom resources need their group. */
function resourceKind(group: string, kind: string): string {
  const builtIn = !group.includes('.') || group.endsWith('.k8s.io');
  return builtIn ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`;
}

/**
 * What the provider must not wait for, because the thing waited for comes later or never:
 * - a claim of a class that binds on first use is bound by the pod that needs it, which waits for the claim;
 * - a service gets endpoints from the pods of a workload, and that workload may itself depend on the service (a stateful
 *   set on its governing service). Whoever needs the workload waits for its rollout, so nothing is lost;
 * - a service account has no token of its own since Kubernetes 1.24, but older versions of the provider wait for one.
 */
function withAwaitRules(manifest: Manifest): Manifest {
  if (!isReadyAtOnce(manifest)) return manifest;
  const annotations = at(manifest, 'metadata', 'annotations');
  const own: JsonObject = isObject(annotations) ? annotations : {};
  return {
    ...manifest,
    metadata: { ...manifest.metadata, annotations: { 'pulumi.com/skipAwait': 'true', ...own } },
  };
}

function isReadyAtOnce(manifest: Manifest): boolean {
  switch (manifest.kind) {
    case 'PersistentVolumeClaim':
    case 'ServiceAccount':
      return true;
    case 'Service':
      return textAt(manifest, 'spec', 'type') !== 'LoadBalancer';
    default:
      return false;
  }
}

/** Depth first, in the given order: what an object waits for comes right before it. */
function ordered(objects: readonly PlannedObject[]): Plan {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const done = new Set<string>();
  const result: PlannedObject[] = [];
  const visit = (object: PlannedObject, trail: readonly string[]): void => {
    if (done.has(object.id)) return;
    const start = trail.indexOf(object.id);
    if (start >= 0) {
      const circle = [...trail.slice(start), object.id].join(' -> ');
      throw new Error(
        `[${object.path}] these objects wait for each other: ${circle}. Remove one of the dependencies or connections among them`,
      );
    }
    for (const id of object.dependsOn) {
      const dependency = byId.get(id);
      if (dependency !== undefined) visit(dependency, [...trail, object.id]);
    }
    done.add(object.id);
    result.push(object);
  };
  for (const object of objects) visit(object, []);
  return result;
}
