import { stringify } from 'yaml';
import type { Json, JsonObject, Manifest } from '../../constructs/bridge/manifest.ts';
import { groupOf, isObject, textAt } from '../../constructs/bridge/manifest.ts';
import { Images } from '../../constructs/images.ts';
import { compose } from '../../stacks/compose.ts';
import type { Environment } from '../../stacks/environments.ts';
import type { Platform } from '../../stacks/platforms/platform.ts';

/** What is rendered. */
export interface RenderProps {
  readonly platform: Platform;
  readonly environment: Environment;
  /** Registry and prefix of the team's own images. */
  readonly registry: string;
}

/** The file of one object. */
export interface RenderedFile {
  readonly name: string;
  readonly manifest: Manifest;
}

/**
 * What stands for the value of a secret that the program does not have: whoever applies the manifests fills it in, as Flux and
 * envsubst do.
 */
export function secretPlaceholder(name: string): string {
  return `\${${name}}`;
}

/** The objects of a platform in an environment, sorted by the names of their files. Pure: the same data gives the same objects. */
export function render({ platform, environment, registry }: RenderProps): readonly RenderedFile[] {
  const { app } = compose({
    platform,
    environment,
    images: imagesFor(environment, registry),
    secret: secretPlaceholder,
  });
  // cdk8s types its output as any[].
  return named(app.charts.flatMap((chart) => chart.toJson() as Manifest[]));
}

/** Objects with a file name each: `<kind>-<namespace>-<name>.yaml`, with the API group where two kinds have one name. */
export function named(manifests: readonly Manifest[]): readonly RenderedFile[] {
  const plain = Map.groupBy(manifests, (manifest) => fileName(manifest));
  const files = [...plain].flatMap(([name, same]) =>
    same.length === 1
      ? same.map((manifest) => ({ name, manifest }))
      : same.map((manifest) => ({ name: fileName(manifest, groupOf(manifest.apiVersion)), manifest })),
  );
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Kubernetes' names are names of files as they are, but for the colons in those of some roles. */
function fileName(manifest: Manifest, group?: string): string {
  const parts = [
    manifest.kind.toLowerCase(),
    group,
    textAt(manifest, 'metadata', 'namespace'),
    textAt(manifest, 'metadata', 'name'),
  ];
  return `${parts
    .filter((part) => part !== undefined && part !== '')
    .join('-')
    .replaceAll(':', '_')}.yaml`;
}

/** A manifest as text: the head first, every other field in the order of its name. */
export function toYaml({ apiVersion, kind, metadata, ...rest }: Manifest): string {
  const whole = { apiVersion, kind, metadata: sorted(metadata), ...(sorted(rest) as JsonObject) }; // an object stays one
  // Without a limit for lines: folded text would differ from what the cluster has. Without anchors: not every tool reads them.
  return stringify(whole, { lineWidth: 0, aliasDuplicateObjects: false });
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/** The team's own images by its registry; those of the local platform by the name that the start gives them. */
function imagesFor({ cloud }: Environment, registry: string): Images {
  if (cloud.kind !== 'embedded') return new Images({ registry });
  const local = Object.entries(Images.catalogue).flatMap(([name, { localRecipe, version }]) =>
    localRecipe === undefined ? [] : [[name, `keelson.local/${name}:${version}`] as const],
  );
  return new Images({ registry: 'keelson.local', overrides: Object.fromEntries(local) });
}
