import { describe, expect, it } from '@jest/globals';
import type { Model } from '../../../../services/inference/src/models/model.ts';
import { Registry } from '../../../../services/inference/src/models/registry.ts';
import type { ModelFolder } from '../../../../services/inference/src/models/repository.ts';

const folder = (name: string, version: string): ModelFolder => ({ name, version, path: `/m/${name}/${version}` });
// Only name and version are looked at here.
const model = ({ name, version }: ModelFolder): Model => ({ name, version }) as Model;

function create({ unreadable = '', unopenable = '' } = {}): Registry {
  return new Registry({
    read: async (one) => {
      if (one.path === unreadable) throw new Error(`${one.path}/config.json is missing`);
      return model(one);
    },
    open: async ({ version }) => {
      if (version === unopenable) throw new Error('bad graph');
    },
  });
}

describe('Registry', () => {
  it('serves the newest version by number, or the one that is named', async () => {
    const registry = create();
    await registry.loadAll('/m', async () => [folder('a', '9'), folder('a', '10')]);
    expect(registry.resolve('a').version).toBe('10');
    expect(registry.resolve('a', '9').version).toBe('9');
    expect(registry.problems()).toEqual([]);
  });

  it('keeps serving what loads when a version fails, and says why it is not ready', async () => {
    const registry = create({ unreadable: '/m/a/2', unopenable: '3' });
    await registry.loadAll('/m', async () => ['1', '2', '3'].map((version) => folder('a', version)));
    expect(registry.resolve('a').version).toBe('1');
    expect(registry.problems()).toEqual(['a/2: /m/a/2/config.json is missing', 'a/3: bad graph']);
    expect(() => registry.resolve('a', '2')).toThrow('"a" version 2 could not be loaded');
    expect(registry.started).toBe(true);
  });

  it('is not ready without a model, and says where to put one', async () => {
    const registry = create();
    await registry.loadAll('/m', async () => []);
    expect(registry.problems()).toEqual([expect.stringContaining('Put one into /m/<name>/<version>/')]);
  });

  it('is not ready when the folder cannot be read', async () => {
    const registry = create();
    await registry.loadAll('/m', async () => {
      throw new Error('permission denied');
    });
    expect(registry.problems()).toEqual([
      '/m cannot be read: permission denied. Check MODEL_DIR and the volume that it names.',
    ]);
  });

  it('tells a model that is coming from one that is unknown', async () => {
    const gate = Promise.withResolvers<void>();
    const registry = new Registry({ read: async (one) => model(one), open: () => gate.promise });
    const loading = registry.loadAll('/m', async () => [folder('a', '1')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => registry.resolve('a')).toThrow('"a" version 1 is being loaded');
    expect(() => registry.resolve('b')).toThrow('the model "b" is not served here; served: "a"');
    expect(registry.problems()).toEqual(['the models are being loaded']);
    gate.resolve();
    await loading;
    expect(() => registry.resolve('a', '7')).toThrow('"a" has no version "7"; versions: 1');
  });
});
