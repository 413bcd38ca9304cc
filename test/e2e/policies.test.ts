import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { kube, namespace, ports, start, state } from './support/platform.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const checkout = mkdtempSync(path.join(tmpdir(), 'keelson-checkout-'));
afterAll(() => rmSync(checkout, { recursive: true }));

/** A checkout of its own, in which somebody has added a pod by hand, past the constructs that would have hardened it. */
function checkoutWithRoguePod(): void {
  const history = path.join(repository, '.git');
  // With its packages: the services' Dockerfiles copy from them and do not follow links out of the checkout.
  cpSync(repository, checkout, { recursive: true, verbatimSymlinks: true, filter: (source) => source !== history });
  const file = path.join(checkout, 'stacks/compose.ts');
  const pod = `new ApiObject(chart, 'rogue', {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'rogue', namespace: '${namespace}' },
    spec: { containers: [{ name: 'shell', image: 'busybox:latest', securityContext: { privileged: true } }] },
  });`;
  const source = readFileSync(file, 'utf8');
  const changed = source
    .replace(/^import \{ (.*) \} from 'cdk8s';$/m, "import { ApiObject, $1 } from 'cdk8s';")
    .replace(/^ {2}return \{ app, connections,/m, `  ${pod}\n  return { app, connections,`);
  expect(changed).toContain('ApiObject, ');
  expect(changed).toContain(pod);
  writeFileSync(file, changed);
}

describe('the policy pack', () => {
  it('stops npm start before anything is applied, where nothing else would', async () => {
    checkoutWithRoguePod();
    const chosen = Object.entries(ports).flatMap(([name, port]) => ['--port', `${name}=${port}`]);
    const { all, exitCode } = await execa('npm', ['run', '--silent', 'start', '--', ...chosen], {
      cwd: checkout,
      env: { KEELSON_STATE: state(), NODE_OPTIONS: '' },
      reject: false,
      all: true,
      stdin: 'ignore',
    });
    expect(exitCode).not.toBe(0);
    for (const rule of ['pinned-images', 'restricted-pods', 'resource-requests']) expect(all).toContain(rule);
    expect(all).toContain('busybox:latest');
    expect(all).not.toContain('✓ update');
    expect(await kube(['get', 'pod/rogue', '-n', namespace, '--ignore-not-found'])).toBe('');
    // What runs was not touched, and the checkout without the pod finds it so.
    expect((await start()).all).toMatch(/0 to change/);
  });
});
