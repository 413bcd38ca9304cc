import { describe, expect, it } from '@jest/globals';
import { entriesOf } from '../../local/start/platform.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import { replacementsOf } from '../../stacks/replacements.ts';
import { keelson, kube, namespace, ports, start } from './support/platform.ts';

const others = Object.values(platforms).filter(({ name }) => name !== 'multi-agent-rag');

/** Ports beside those that a person's own platform would take. */
function portOptions(platform: (typeof others)[number]): readonly string[] {
  const own = entriesOf(platform).map(({ component, port }) => [component, port + 20_000] as const);
  return [['kubernetes', ports.kubernetes] as const, ...own].flatMap(([name, port]) => ['--port', `${name}=${port}`]);
}

/** Pods of a namespace that are meant to run. */
async function podsIn(name: string): Promise<readonly string[]> {
  const text = await kube(['get', 'pods', '-n', name, '-o', 'name', '--field-selector', 'status.phase=Running']);
  return text.split('\n').filter((line) => line !== '');
}

describe.each(others)('npm start -- $name', (platform) => {
  it('brings it up, passes its smoke test, and tells what is replaced', async () => {
    const started = await keelson('start', platform.name, ...portOptions(platform));
    expect(started.all).toContain(`smoke test: ${platform.checks.length} of ${platform.checks.length} passed`);
    expect(started.exitCode).toBe(0);
    for (const { component } of replacementsOf(platform, environments.local)) {
      expect(started.all).toContain(`replaced: ${component}`);
    }
    for (const { name } of platform.namespaces) expect((await podsIn(name)).length).toBeGreaterThan(0);
  });

  it('changes nothing when it is started again', async () => {
    const again = await keelson('start', platform.name, ...portOptions(platform));
    expect(again.all).toMatch(/\d+ pods ready, 0 to change/);
  });

  it('lets the platform that ran before rest', async () => {
    expect(await podsIn(namespace)).toEqual([]);
  });

  it('stops cleanly', async () => {
    expect((await keelson('stop')).exitCode).toBe(0);
    expect((await keelson('status')).exitCode).not.toBe(0);
  });
});

describe('a platform that rested', () => {
  it('comes back with its data, and nothing to change', async () => {
    const back = await start();
    expect(back.exitCode).toBe(0);
    expect(back.all).toMatch(/\d+ pods ready, 0 to change/);
    const answer = await keelson('ask', 'How many turns of the windlass open the sluice?');
    expect(answer.stdout).toContain('windlass --turns 11');
    for (const { namespaces } of others) for (const { name } of namespaces) expect(await podsIn(name)).toEqual([]);
  });
});
