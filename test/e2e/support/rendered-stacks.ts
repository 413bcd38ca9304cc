import type { JsonObject, Manifest } from '../../../constructs/bridge/manifest.ts';
import { at, isObject, podLabelsOf, podSpecOf, textAt } from '../../../constructs/bridge/manifest.ts';
import { render } from '../../../local/synth/render.ts';
import { environments } from '../../../stacks/environments.ts';
import { platforms } from '../../../stacks/platforms/index.ts';
import { operatorObjects } from '../../support/operator-objects.ts';

/**
 * What the names of the tests' own namespaces end in: the platform that runs in the cluster stays as it is, and an earlier run
 * whose namespaces are still going is in nobody's way.
 */
const suffix = `-${process.pid.toString(36)}`;

/** Kinds that stand outside of namespaces, and whose name nothing among the objects refers to by a field that is checked. */
const renamed: ReadonlySet<string> = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding']);

/** The objects of one platform in one environment, in namespaces of the tests' own. */
export interface RenderedStack {
  readonly stack: string;
  readonly objects: readonly Manifest[];
  /** A pod for each template among the objects: Pod Security refuses pods, and of controllers it only warns. */
  readonly pods: readonly Manifest[];
}

const ofPlatforms = Object.values(platforms).flatMap((platform) =>
  Object.values(environments).map((environment) => {
    const files = render({ platform, environment, registry: 'registry.example/keelson' });
    return withPods(
      `${platform.name}.${environment.name}`,
      files.map(({ manifest }) => moved(manifest)),
    );
  }),
);

/** Every platform in every environment, and the constructs in forms that no platform uses today. */
export const renderedStacks: readonly RenderedStack[] = [
  ...ofPlatforms,
  withPods('the constructs for operators', operatorObjects(suffix)),
];

function withPods(stack: string, objects: readonly Manifest[]): RenderedStack {
  return { stack, objects, pods: objects.flatMap(podOf) };
}

function moved(manifest: Manifest): Manifest {
  const namespace = textAt(manifest.metadata, 'namespace');
  const name = textAt(manifest.metadata, 'name');
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      ...(namespace !== undefined && { namespace: `${namespace}${suffix}` }),
      ...(renamed.has(manifest.kind) && { name: `${name}${suffix}` }),
    },
  };
}

function podOf(manifest: Manifest): readonly Manifest[] {
  const spec = podSpecOf(manifest);
  if (spec === undefined) return [];
  const { name, namespace } = manifest.metadata;
  const labels = podLabelsOf(manifest) ?? {};
  // Claims of a StatefulSet become volumes of its pods; which kind of volume does not matter here.
  const templates = at(manifest, 'spec', 'volumeClaimTemplates');
  const claims = Array.isArray(templates) ? templates.filter(isObject) : [];
  const volumes = at(spec, 'volumes');
  const pod: JsonObject = {
    ...spec,
    volumes: [
      ...(Array.isArray(volumes) ? volumes : []),
      ...claims.map((claim) => ({ name: textAt(claim, 'metadata', 'name') ?? '', emptyDir: {} })),
    ],
    restartPolicy: manifest.kind === 'Job' || manifest.kind === 'CronJob' ? 'Never' : 'Always',
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${manifest.kind.toLowerCase()}-${name}`, namespace: namespace ?? 'default', labels },
      spec: pod,
    },
  ];
}
