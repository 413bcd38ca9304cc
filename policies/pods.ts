import {
  type JsonObject,
  type Manifest,
  objectsAt,
  podSpecOf,
  podSpecPath,
  textAt,
} from '../constructs/bridge/manifest.ts';

/** A container with the path to it, for messages. */
export interface Container {
  readonly path: string;
  readonly spec: JsonObject;
}

/** A pod specification with the path to it. */
export interface Pod {
  readonly path: string;
  readonly spec: JsonObject;
}

/** The pod specification that an object makes; undefined where it makes none. */
export function podOf(manifest: Manifest): Pod | undefined {
  const spec = podSpecOf(manifest);
  return spec === undefined ? undefined : { spec, path: (podSpecPath(manifest.kind) ?? []).join('.') };
}

/** All containers of the pods that an object makes, init and ephemeral ones included. */
export function containersOf(manifest: Manifest): readonly Container[] {
  const pod = podOf(manifest);
  if (pod === undefined) return [];
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    objectsAt(pod.spec, list).map((spec, index) => ({
      spec,
      path: `${pod.path}.${list}[${textAt(spec, 'name') ?? index}]`,
    })),
  );
}
