import { describe, expect, it } from '@jest/globals';
import { ImageRegistry, lifecycle } from '../../../constructs/aws/image-registry.ts';
import { mockEngine, settled } from '../../support/mocks.ts';

describe('ImageRegistry', () => {
  it('keeps tags from moving and scans each push', async () => {
    const registered = await mockEngine();
    new ImageRegistry('team', { images: ['orchestrator'] });
    await settled();
    expect(registered.find(({ type }) => type === 'aws:ecr/repository:Repository')?.inputs).toMatchObject({
      name: 'team/orchestrator',
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: 'KMS' }],
    });
  });
});

describe('lifecycle', () => {
  it('keeps the last builds', () => {
    expect(JSON.parse(lifecycle(5))).toMatchObject({ rules: [{ rulePriority: 1 }, { selection: { countNumber: 5 } }] });
  });
});
