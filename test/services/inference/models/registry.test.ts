import { describe, expect, it } from '@jest/globals';
import type { SessionInfo } from '../../../../services/inference/src/engine/protocol.ts';
import type { Model } from '../../../../services/inference/src/models/model.ts';
import { Registry } from '../../../../services/inference/src/models/registry.ts';
import type {
  ModelFolder,
  ModelRepository,
  ModelVersion,
} from '../../../../services/inference/src/models/repository.ts';

const session: SessionInfo = { inputs: [], outputs: [], provider: 'cpu' };
// Only name and version are looked at here.
const toModel = ({ name, version }: ModelFolder): Model => ({ name, version }) as Model;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Versions that can be added, broken and repaired. */
class Shelf implements ModelRepository {
  readonly location = '/m';
  readonly setting = 'MODEL_DIR';
  readonly broken = new Map<string, string>();
  readonly released: string[] = [];
  readonly closed: Model[] = [];
  versions: ModelVersion[];
  unreadable: string | undefined;
  gate: Promise<void> = Promise.resolve();

  constructor(...ids: string[]) {
    this.versions = ids.map(parse);
  }

  async find(): Promise<readonly ModelVersion[]> {
    if (this.unreadable !== undefined) throw new Error(this.unreadable);
    return this.versions;
  }

  async fetch(model: ModelVersion): Promise<ModelFolder> {
    return { ...model, path: `/m/${model.name}/${model.version}` };
  }

  async release({ path }: ModelFolder): Promise<void> {
    this.released.push(path);
  }

  registry(weights?: Record<string, Record<string, number>>): Registry {
    return new Registry({
      repository: this,
      ...(weights && { weights }),
      read: async (folder) => toModel(folder),
      open: async ({ name, version }) => {
        await this.gate;
        const problem = this.broken.get(`${name}/${version}`);
        if (problem !== undefined) throw new Error(problem);
        return session;
      },
      close: async (model) => {
        this.closed.push(model);
      },
    });
  }
}

function parse(id: string): ModelVersion {
  const [name = '', version = ''] = id.split('/');
  return { name, version };
}

/** Versions that answer as many requests. */
async function answers(registry: Registry, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let at = 0; at < count; at++) {
    const version = await registry.use('a', undefined, async (model) => model.version);
    counts[version] = (counts[version] ?? 0) + 1;
  }
  return counts;
}

describe('Registry', () => {
  it('serves the newest version by number, or the one that is named', async () => {
    const registry = new Shelf('a/9', 'a/10').registry();
    await registry.start('all');
    expect(registry.resolve('a').version).toBe('10');
    expect(registry.resolve('a', '9').version).toBe('9');
    expect(registry.problems()).toEqual([]);
  });

  it('keeps serving what loads when a version fails, and says why it is not ready', async () => {
    const shelf = new Shelf('a/1', 'a/2');
    shelf.broken.set('a/2', 'bad graph');
    const registry = shelf.registry();
    await registry.start('all');
    expect(registry.resolve('a').version).toBe('1');
    expect(registry.problems()).toEqual(['a/2: bad graph']);
    expect(() => registry.resolve('a', '2')).toThrow('"a" version 2 could not be loaded');
    expect(registry.started).toBe(true);
  });

  it('is ready once what failed at the start loads after all, or is given up', async () => {
    const shelf = new Shelf('a/1', 'a/2', 'b/1');
    shelf.broken.set('a/2', 'bad graph').set('b/1', 'bad graph');
    const registry = shelf.registry();
    await registry.start('all');
    shelf.broken.delete('a/2');
    await registry.start('all');
    expect(registry.problems()).toEqual(['b/1: bad graph']);
    await registry.unload('b');
    expect(registry.problems()).toEqual([]);
  });

  it('is not ready without a model, and says where to put one', async () => {
    const registry = new Shelf().registry();
    await registry.start('all');
    expect(registry.problems()).toEqual([expect.stringContaining('Put one into /m/<name>/<version>/')]);
  });

  it('is not ready when the repository cannot be read, and tries again', async () => {
    const shelf = new Shelf('a/1');
    shelf.unreadable = 'permission denied';
    const registry = shelf.registry();
    await registry.start('all');
    expect(registry.problems()).toEqual(['/m cannot be read: permission denied. Check MODEL_DIR and what it names.']);
    shelf.unreadable = undefined;
    await registry.start('all');
    expect(registry.problems()).toEqual([]);
    expect(registry.resolve('a').version).toBe('1');
  });

  it('loads at the start what it is told, and knows the rest', async () => {
    const shelf = new Shelf('a/1', 'a/2', 'b/1');
    const registry = shelf.registry();
    await registry.start([{ name: 'a', version: '1' }]);
    expect(registry.entries().map(({ name, version, state }) => `${name}/${version} ${state}`)).toEqual([
      'a/1 ready',
      'a/2 unloaded',
      'b/1 unloaded',
    ]);
    const strict = shelf.registry();
    await strict.start([{ name: 'c' }]);
    expect(strict.problems()).toEqual([
      '/m has no "c", which LOAD_MODELS names. Put it there, or correct LOAD_MODELS.',
    ]);
  });

  it('tells a model that is coming from one that is unknown', async () => {
    const gate = Promise.withResolvers<void>();
    const shelf = new Shelf('a/1');
    shelf.gate = gate.promise;
    const registry = shelf.registry();
    const loading = registry.start('all');
    while (registry.entries().length === 0) await turn();
    expect(() => registry.resolve('a')).toThrow('"a" version 1 is being loaded');
    expect(() => registry.resolve('b')).toThrow('the model "b" is not served here; served: "a"');
    expect(registry.problems()).toEqual(['the models are being loaded']);
    gate.resolve();
    await loading;
    expect(() => registry.resolve('a', '7')).toThrow('"a" has no version "7"; versions: 1');
  });

  describe('later on', () => {
    it('loads a version beside those that serve, with its share of the requests', async () => {
      const shelf = new Shelf('a/1', 'a/2');
      const registry = shelf.registry({ a: { '1': 100 } });
      await registry.start([{ name: 'a', version: '1' }]);
      await registry.load('a', { versions: ['2'], weights: { '1': 90, '2': 10 } });
      expect(await answers(registry, 100)).toEqual({ '1': 90, '2': 10 });
      expect(registry.weights('a')).toEqual({ '1': 90, '2': 10 });
      await registry.load('a', { weights: { '2': 1 } });
      expect(await answers(registry, 10)).toEqual({ '2': 10 });
      await registry.unload('a', '1');
      expect(await answers(registry, 3)).toEqual({ '2': 3 });
    });

    it('leaves everything as it was when a version cannot be loaded', async () => {
      const shelf = new Shelf('a/1', 'a/2');
      shelf.broken.set('a/2', 'bad graph');
      const registry = shelf.registry();
      await registry.start([{ name: 'a', version: '1' }]);
      await expect(registry.load('a', { versions: ['2'], weights: { '1': 1, '2': 1 } })).rejects.toMatchObject({
        code: 'model_load_failed',
        message: '"a" could not be loaded; version 2: bad graph',
      });
      expect(registry.weights('a')).toEqual({});
      expect(await answers(registry, 4)).toEqual({ '1': 4 });
      // Its caller knows; a pod that serves must not lose its traffic over it.
      expect(registry.problems()).toEqual([]);
      expect(registry.entries()[1]).toMatchObject({ state: 'failed', reason: 'bad graph' });
    });

    it('replaces a version only when what replaces it is ready, and after its requests', async () => {
      const shelf = new Shelf('a/1');
      const registry = shelf.registry();
      await registry.start('all');
      const first = registry.resolve('a');
      shelf.broken.set('a/1', 'bad graph');
      await expect(registry.load('a', { versions: ['1'] })).rejects.toThrow('bad graph');
      expect(registry.resolve('a')).toBe(first);
      expect(registry.entries()[0]).toMatchObject({ state: 'ready', reason: expect.stringContaining('bad graph') });

      shelf.broken.clear();
      const answer = Promise.withResolvers<void>();
      const running = registry.use('a', '1', () => answer.promise);
      const loading = registry.load('a', { versions: ['1'] });
      while (registry.resolve('a') === first) await turn();
      expect(shelf.closed).toEqual([]);
      answer.resolve();
      await Promise.all([running, loading]);
      expect(shelf.closed).toEqual([first]);
      // The folder is the new one's as well.
      expect(shelf.released).toEqual([]);
      expect(registry.entries()[0]).not.toHaveProperty('reason');
    });

    it('unloads a version after its requests, and refuses new ones meanwhile', async () => {
      const shelf = new Shelf('a/1', 'a/2');
      const registry = shelf.registry();
      await registry.start('all');
      const answer = Promise.withResolvers<void>();
      const running = registry.use('a', '2', () => answer.promise);
      const unloading = registry.unload('a', '2');
      while (registry.entries()[1]?.state !== 'unloading') await turn();
      expect(() => registry.resolve('a', '2')).toThrow('is being unloaded');
      expect(registry.resolve('a').version).toBe('1');
      answer.resolve();
      await Promise.all([running, unloading]);
      expect(() => registry.resolve('a', '2')).toThrow('is not loaded');
      expect(shelf.released).toEqual(['/m/a/2']);
    });

    it.each([
      ['c', {}, 'model_not_found', '/m has no model "c"; it has "a"'],
      ['a', { versions: ['7'] }, 'model_not_found', '"a" has no version "7"; versions: 1, 2'],
      [
        'a',
        { versions: ['2'], weights: { '3': 1 } },
        'invalid_request',
        'weights names version 3 of "a", which is not',
      ],
    ])('refuses to load %s with %j', async (name, request, code, message) => {
      const registry = new Shelf('a/1', 'a/2').registry();
      await registry.start([{ name: 'a', version: '1' }]);
      await expect(registry.load(name, request)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
      expect(registry.entries()[1]?.state).toBe('unloaded');
    });

    it('asks no version with the weight 0, and says so when there is no other', async () => {
      const registry = new Shelf('a/1', 'a/2').registry({ a: { '1': 0, '2': 5 } });
      await registry.start([{ name: 'a', version: '1' }]);
      await expect(registry.use('a', undefined, async () => {})).rejects.toThrow(
        'no version of "a" with a weight above 0',
      );
      expect(registry.resolve('a', '1').version).toBe('1');
    });
  });
});
