import { LifecyclePolicy, Repository } from '@pulumi/aws/ecr/index.js';
import { Key } from '@pulumi/aws/kms/index.js';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';

/** Properties of {@link ImageRegistry}. */
export interface ImageRegistryProps {
  /** Names of the images that the team builds itself. */
  readonly images: readonly string[];
  /** Builds of each image that are kept. @default 30 */
  readonly keep?: number;
}

/** Old builds go; what has no tag goes after a day. Pure. */
export function lifecycle(keep: number): string {
  const rule = (rulePriority: number, description: string, selection: Readonly<Record<string, unknown>>) => ({
    rulePriority,
    description,
    selection,
    action: { type: 'expire' },
  });
  return JSON.stringify({
    rules: [
      rule(1, 'layers that no tag names', {
        tagStatus: 'untagged',
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: 1,
      }),
      rule(2, `all but the last ${keep}`, { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: keep }),
    ],
  });
}

/** Repositories of the team's own images: tags that cannot move, a scan at each push, encrypted with a key of their own. */
export class ImageRegistry extends ComponentResource {
  /** Address of each repository, by image. */
  readonly urls: Readonly<Record<string, Output<string>>>;

  constructor(name: string, { images, keep = 30 }: ImageRegistryProps, options?: ComponentResourceOptions) {
    super('keelson:aws:ImageRegistry', name, {}, options);
    const parent = { parent: this };
    const key = new Key(`${name}-images`, { description: `Images of ${name}`, enableKeyRotation: true }, parent);
    const policy = lifecycle(keep);
    this.urls = Object.fromEntries(
      images.map((image) => {
        const repository = new Repository(
          `${name}-${image}`,
          {
            name: `${name}/${image}`,
            imageTagMutability: 'IMMUTABLE',
            imageScanningConfiguration: { scanOnPush: true },
            encryptionConfigurations: [{ encryptionType: 'KMS', kmsKey: key.arn }],
          },
          parent,
        );
        new LifecyclePolicy(`${name}-${image}`, { repository: repository.name, policy }, parent);
        return [image, repository.repositoryUrl];
      }),
    );
    this.registerOutputs({ urls: this.urls });
  }
}
