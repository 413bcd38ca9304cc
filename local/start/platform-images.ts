import { type CatalogueEntry, Images } from '../../constructs/index.ts';
import { compose } from '../../stacks/compose.ts';
import { environments } from '../../stacks/environments.ts';
import type { Platform } from '../../stacks/platforms/platform.ts';

/**
 * Recipes of the images that a platform runs from on this machine: those that its components ask for.
 *
 * @throws Error when one of them has no recipe
 */
export function imagesOf(platform: Platform): readonly string[] {
  // Any registry will do: the references are not used.
  const images = new Images({ registry: 'keelson.local' });
  const { app } = compose({ platform, environment: environments.local, images, secret: () => 'x'.repeat(24) });
  app.node.lock();
  const entries: Readonly<Record<string, CatalogueEntry>> = Images.catalogue;
  return [...images.used].map((name) => {
    const recipe = entries[name]?.localRecipe;
    if (recipe === undefined) {
      throw new Error(
        `${platform.name}: image "${name}" has no recipe: say in the platform's data where it exists, or give it one`,
      );
    }
    return recipe;
  });
}
