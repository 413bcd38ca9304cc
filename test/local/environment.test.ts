import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { environmentVariables, prepareEnvironment, searchPath, secretFile } from '../../local/environment.ts';
import { type Paths, resolvePaths } from '../../local/paths.ts';

let folder: string;
let paths: Paths;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-environment-'));
  paths = resolvePaths({ HOME: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('searchPath', () => {
  const own = (inherited: string) => searchPath({ ...paths, repository: '/work/keelson' }, '/tools', inherited);

  it('puts npm packages and tools in front, once', () => {
    const expected = '/work/keelson/node_modules/.bin:/tools:/usr/bin';
    expect(own('/usr/bin')).toBe(expected);
    expect(own(own('/usr/bin'))).toBe(expected);
  });

  it('leaves out what npm run adds for its scripts, and keeps folders of other projects', () => {
    const inherited =
      '/work/node_modules/.bin:/node_modules/.bin:/npm/run-script/lib/node-gyp-bin:/other/node_modules/.bin';
    expect(own(inherited)).toBe('/work/keelson/node_modules/.bin:/tools:/other/node_modules/.bin');
  });
});

describe('environmentVariables', () => {
  it('leads Pulumi to the file backend in the state folder, and kubectl to the cluster', () => {
    expect(environmentVariables(paths, { binDir: '/tools' }, { PATH: '/bin' })).toMatchObject({
      PULUMI_BACKEND_URL: `file://${folder}/.local/state/keelson/pulumi/backend`,
      PULUMI_CONFIG_PASSPHRASE_FILE: paths.pulumiPassphrase,
      PULUMI_STACK: 'multi-agent-rag.local',
      KUBECONFIG: `${folder}/.local/state/keelson/clusters/default/kubeconfig`,
      NODE_COMPILE_CACHE: path.join(paths.cache, 'node-compile-cache'),
    });
  });
});

describe('secretFile', () => {
  it('makes a secret up once, readable by its owner alone', () => {
    const file = path.join(folder, 'secrets', 'token');
    const first = secretFile(file);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(secretFile(file)).toBe(first);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  });
});

describe('prepareEnvironment', () => {
  const plugin = () => {
    const manifest = path.join(paths.repository, 'node_modules', '@pulumi', 'kubernetes', 'package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
    return path.join(paths.pulumiHome, 'plugins', `resource-kubernetes-v${version}`, 'pulumi-resource-kubernetes');
  };

  it('makes the backend and the passphrase, and keeps them', () => {
    const variables = prepareEnvironment(paths, { binDir: '/tools' });
    const passphrase = readFileSync(paths.pulumiPassphrase, 'utf8');
    expect(statSync(paths.pulumiBackend).isDirectory()).toBe(true);
    expect(prepareEnvironment(paths, { binDir: '/tools' })).toEqual(variables);
    expect(readFileSync(paths.pulumiPassphrase, 'utf8')).toBe(passphrase);
  });

  it('links the provider as the plugin of the npm package, and follows a new build', () => {
    prepareEnvironment(paths, { binDir: '/tools', kubernetesProvider: '/store/one' });
    prepareEnvironment(paths, { binDir: '/tools', kubernetesProvider: '/store/two' });
    expect(readlinkSync(plugin())).toBe('/store/two');
  });

  it("leaves the vendor's own plugin alone", () => {
    mkdirSync(path.dirname(plugin()), { recursive: true });
    writeFileSync(plugin(), 'vendor');
    prepareEnvironment(paths, { binDir: '/tools', kubernetesProvider: '/store/one' });
    expect(lstatSync(plugin()).isSymbolicLink()).toBe(false);
  });
});
