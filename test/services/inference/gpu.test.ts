import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseGpus, sampleGpus } from '../../../services/inference/src/gpu.ts';
import { startServer, temporaryFolder } from './support/server.ts';
import { writeTinyModel } from './support/tiny-model.ts';

const sample = { gpu: '0', utilization: 0.37, memoryUsedBytes: 1024 ** 3, memoryTotalBytes: 80 * 1024 ** 3 };

describe('GPUs', () => {
  it('are read from what the driver’s program prints', async () => {
    expect(parseGpus('0, 37, 1024, 81920\n1, [N/A], 0, 81920\n')).toEqual([
      sample,
      { gpu: '1', utilization: 0, memoryUsedBytes: 0, memoryTotalBytes: 80 * 1024 ** 3 },
    ]);
    const folder = await temporaryFolder();
    const command = join(folder.path, 'nvidia-smi');
    await writeFile(command, '#!/bin/sh\necho "0, 37, 1024, 81920"\n');
    await chmod(command, 0o755);
    expect(await sampleGpus(command)).toEqual([sample]);
    expect(await sampleGpus(join(folder.path, 'none'))).toEqual([]);
    await folder.remove();
  });

  it('are done without where ONNX Runtime cannot use them, and readiness says why', async () => {
    const folder = await temporaryFolder();
    await writeTinyModel(folder.path);
    const server = await startServer({ models: folder.path, provider: 'cuda' });
    const ready = await server.get('/health/ready');
    // The library that is installed for the tests is the one for CPUs.
    expect(ready.status).toBe(200);
    expect(ready.body.notes).toEqual([expect.stringMatching(/^tiny\/1: computed on the CPU, as EXECUTION_PROVIDER/)]);
    expect(ready.body.models[0]).toMatchObject({ state: 'ready', provider: 'cpu' });
    expect((await server.post('/v1/embeddings', { model: 'tiny', input: 'a' })).status).toBe(200);
    expect(await server.metrics()).toContain('# TYPE gpu_utilization_ratio gauge');
    await server.close();

    const strict = await startServer({ models: folder.path, provider: 'cuda', providerFallback: false });
    const refused = await strict.get('/health/ready');
    expect(refused.status).toBe(503);
    expect(refused.body.reasons).toEqual([expect.stringMatching(/^tiny\/1: EXECUTION_PROVIDER is "cuda", which this/)]);
    await strict.close();
    await folder.remove();
  });
});
