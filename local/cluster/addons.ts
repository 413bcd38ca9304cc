import { readFileSync } from 'node:fs';
import path from 'node:path';
import { apply, type Kubectl } from './kubectl.ts';

/** In the order in which they are applied; the storage class needs images that are built later than the rest. */
const addons = ['node-agents', 'coredns', 'storage', 'metrics-server'] as const;

/** References that the manifests leave open, as `${NAME}`. */
export interface AddonImages {
  readonly base: string;
  readonly localPathProvisioner: string;
}

/**
 * The manifest of one add-on with its images filled in.
 *
 * @throws Error when it names an image that is not known here.
 */
export function addonManifest(name: (typeof addons)[number], images: AddonImages): string {
  const known: Readonly<Record<string, string>> = {
    BASE_IMAGE: images.base,
    LOCAL_PATH_PROVISIONER_IMAGE: images.localPathProvisioner,
  };
  const file = path.join(import.meta.dirname, 'addons', `${name}.yaml`);
  return readFileSync(file, 'utf8').replace(/\$\{([A-Z_]+_IMAGE)\}/g, (_, variable: string) => {
    const reference = known[variable];
    if (reference === undefined) throw new Error(`${file}: no image is known for \${${variable}}`);
    return reference;
  });
}

/** Applies every add-on; what is as it should be stays untouched. */
export async function applyAddons(kubectl: Kubectl, images: AddonImages): Promise<void> {
  await apply(kubectl, addons.map((name) => addonManifest(name, images)).join('\n---\n'));
}
