import { describe, expect, it } from '@jest/globals';
import { Failure } from '../../local/failure.ts';
import { resolvePaths } from '../../local/paths.ts';

describe('resolvePaths', () => {
  it('uses the folders below home by default', () => {
    const paths = resolvePaths({ HOME: '/home/ada' });
    expect(paths.cache).toBe('/home/ada/.cache/keelson');
    expect(paths.state).toBe('/home/ada/.local/state/keelson');
    expect(paths.apiToken).toBe('/home/ada/.local/state/keelson/secrets/api-token');
  });

  it('follows the XDG folders, and ignores relative ones as their specification says', () => {
    expect(resolvePaths({ HOME: '/h', XDG_CACHE_HOME: '/big/cache', XDG_STATE_HOME: 'relative' })).toMatchObject({
      cache: '/big/cache/keelson',
      state: '/h/.local/state/keelson',
    });
  });

  it('prefers its own variables, which name the folder itself', () => {
    const env = { HOME: '/h', XDG_CACHE_HOME: '/x', KEELSON_CACHE: '/own/cache', KEELSON_STATE: '/own/state/' };
    expect(resolvePaths(env)).toMatchObject({ cache: '/own/cache', state: '/own/state', tools: '/own/cache/tools' });
  });

  it('takes an empty variable for an unset one', () => {
    expect(resolvePaths({ HOME: '/h', KEELSON_CACHE: '' }).cache).toBe('/h/.cache/keelson');
  });

  it('refuses a relative folder with its name, value and cure', () => {
    const resolve = () => resolvePaths({ HOME: '/h', KEELSON_STATE: 'here' });
    expect(resolve).toThrow(Failure);
    expect(resolve).toThrow(
      /^KEELSON_STATE: "here" is not an absolute path\. Set it to one, for example \/.*\/here, or unset it$/,
    );
    expect(resolve).toThrow(expect.objectContaining({ exitCode: 78 }));
  });
});
