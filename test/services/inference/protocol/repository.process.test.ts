import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startServer, temporaryFolder } from '../support/server.ts';
import { tinyWeights, writeTinyModel } from '../support/tiny-model.ts';

describe('the model repository', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  const load = (parameters: object) => server.post('/v2/repository/models/tiny/load', { parameters });
  const versions = async (count: number): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (let at = 0; at < count; at++) {
      const { headers } = await server.post('/v1/embeddings', { model: 'tiny', input: 'a' });
      const version = String(headers['x-model-version']);
      counts[version] = (counts[version] ?? 0) + 1;
    }
    return counts;
  };
  beforeEach(async () => {
    folder = await temporaryFolder();
    for (const version of ['1', '2']) {
      await writeTinyModel(folder.path, { version, weights: tinyWeights(Number(version)) });
    }
    server = await startServer({ models: folder.path, start: [{ name: 'tiny', version: '1' }], resultCacheBytes: 1e6 });
  });
  afterEach(async () => {
    await server.close();
    await folder.remove();
  });

  it('takes a canary from its first requests to all of them', async () => {
    expect((await server.get('/v2/models/tiny/versions/2/ready')).status).toBe(503);
    expect(await load({ version: '2', weights: { '1': 90, '2': 10 } })).toMatchObject({ status: 200, body: {} });
    expect(await versions(20)).toEqual({ '1': 18, '2': 2 });
    expect((await server.get('/health')).body.models).toMatchObject([{ weight: 90 }, { weight: 10 }]);
    expect((await load({ weights: '{"2": 1}' })).status).toBe(200);
    expect(await versions(3)).toEqual({ '2': 3 });
    const unloaded = await server.post('/v2/repository/models/tiny/unload', { parameters: { version: '1' } });
    expect(unloaded.status).toBe(200);
    expect((await server.get('/v2/repository/index')).body).toEqual([
      { name: 'tiny', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' },
      { name: 'tiny', version: '2', state: 'READY', reason: '' },
    ]);
    expect(await server.metrics()).not.toMatch(/^model_loaded\{model="tiny",version="1"\}/m);
    expect((await server.get('/health/ready')).status).toBe(200);
  });

  it('gives each version its own results, also from the cache', async () => {
    await load({ version: '2' });
    const embed = async (version: string) =>
      (
        await server.post(`/v2/models/tiny/versions/${version}/infer`, {
          inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['hello'] }],
          outputs: [{ name: 'sentence_embedding' }],
        })
      ).body.outputs[0].data;
    const [one, two] = [await embed('1'), await embed('2')];
    expect(one).not.toEqual(two);
    expect([await embed('1'), await embed('2')]).toEqual([one, two]);
    expect(await server.metrics()).toMatch(/^model_result_cache_total\{result="hit"\} 2$/m);
    // Loaded again, a version has other files behind the same number, maybe.
    await writeTinyModel(folder.path, { version: '2', weights: tinyWeights(3) });
    await load({ version: '2' });
    expect(await embed('2')).not.toEqual(two);
  });

  it('serves on while a version is loaded again and again', async () => {
    let done = false;
    const asking = (async () => {
      const statuses = new Set<number>();
      while (!done) statuses.add((await server.post('/v1/embeddings', { model: 'tiny', input: ['a', 'b c'] })).status);
      return statuses;
    })();
    for (let round = 0; round < 6; round++) await load({ version: '1' });
    done = true;
    expect([...(await asking)]).toEqual([200]);
  });

  it('reads the configuration that clients of Triton send', async () => {
    await load({ config: JSON.stringify({ version_policy: { specific: { versions: [2] } } }) });
    expect(await versions(2)).toEqual({ '2': 2 });
  });

  it.each([
    [{ version: 'latest' }, 'parameters.version', 'is no version'],
    [{ version: '3' }, 'version', '"tiny" has no version "3"; versions: 1, 2'],
    [{ weights: '{' }, 'parameters.weights', ''],
    [{ weights: { '1': -1 } }, 'parameters.weights[1]', 'is -1'],
    [{ version: '2', weights: { '7': 1 } }, 'parameters.weights', 'names version 7'],
    [{ config: '{' }, 'parameters.config', 'is not JSON'],
  ])('refuses to load %j', async (parameters, path, message) => {
    const { status, body } = await load(parameters);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.path).toBe(path);
    expect(body.error).toContain(message);
    expect(await versions(1)).toEqual({ '1': 1 });
  });

  it('changes nothing by request where that is switched off', async () => {
    const closed = await startServer({ models: folder.path, repositoryApi: false });
    const { status, body } = await closed.post('/v2/repository/models/tiny/unload', {});
    expect([status, body.code]).toEqual([403, 'repository_closed']);
    expect((await closed.get('/v2/repository/index')).body).toHaveLength(2);
    await closed.close();
  });
});
