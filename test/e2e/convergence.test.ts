import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { cgroupName, clusterLayout } from '../../local/cluster/layout.ts';
import { Node } from '../../local/cluster/node.ts';
import { keelson, kube, namespace, paths, ports, pulumi, start, state } from './support/platform.ts';

/** Everything is ready again, the documents are there, and nothing is left to change. */
async function expectConvergence(): Promise<void> {
  const again = await start();
  expect(again.all).toMatch(/\d+ pods ready/);
  expect(again.exitCode).toBe(0);
  expect((await start()).all).toMatch(/\d+ pods ready, 0 to change/);
  const answer = await keelson('ask', 'How many turns of the windlass open the sluice?');
  expect(answer.stdout).toContain('windlass --turns 11');
}

/** The processes in the node whose program has this name, as the host numbers them. */
function processesOf(program: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '';
        return inNodeOf(pid) && command.split('/').at(-1) === program;
      } catch {
        return false;
      }
    });
}

/** Whether a process is below the cgroup of the suite's own node: another platform may run beside it. */
const inNodeOf = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(cgroupName(clusterLayout(state())));

describe('a second start', () => {
  it('changes nothing', async () => {
    const again = await start();
    expect(again.all).toMatch(/\d+ pods ready, 0 to change/);
    expect(again.exitCode).toBe(0);
  });
});

describe('the next start mends', () => {
  it.each(['redis', 'postgres', 'milvus', 'inference', 'orchestrator', 'prometheus'])(
    'a killed pod: %s',
    async (component) => {
      await kube(['delete', 'pod', '-n', namespace, '-l', `app=${component}`, '--grace-period=0', '--force']);
      await expectConvergence();
    },
  );

  it.each([
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'containerd',
    'kube-proxy',
    'kube-router',
  ])('a killed process: %s', async (program) => {
    const found = processesOf(program);
    expect(found.length).toBeGreaterThan(0);
    for (const pid of found) process.kill(pid, 'SIGKILL');
    await expectConvergence();
  });

  it('a killed node', async () => {
    const pid = new Node(clusterLayout(state())).pid;
    expect(pid).toBeDefined();
    process.kill(pid ?? 0, 'SIGKILL');
    await expectConvergence();
  });

  it('an update whose command was killed in the middle', async () => {
    // Something to create: the components lose their policies and services.
    expect(
      (
        await pulumi(
          'destroy',
          '--yes',
          '--skip-preview',
          '--target',
          targetOf('Service', 'prometheus'),
          '--target-dependents',
        )
      ).exitCode,
    ).toBe(0);
    const options = Object.entries(ports).flatMap(([name, port]) => ['--port', `${name}=${port}`]);
    const running = spawn('npm', ['run', '--silent', 'start', '--', ...options], {
      env: { ...process.env, KEELSON_STATE: state(), NODE_OPTIONS: '' },
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(running, 'exit');
    const deadline = Date.now() + 120_000;
    while (!updateRuns() && Date.now() < deadline && running.exitCode === null) await delay(50);
    expect(updateRuns()).toBe(true);
    // The command, Pulumi, its language host and its provider: all of them at once.
    process.kill(-(running.pid ?? 0), 'SIGKILL');
    await ended;
    await expectConvergence();
  });
});

const targetOf = (kind: string, name: string): string =>
  `urn:pulumi:multi-agent-rag.local::keelson::**kubernetes:core/v1:${kind}::${kind.toLowerCase()}/${namespace}/${name}`;

/** Whether Pulumi's record of the stack speaks of an operation that has begun and not ended. */
function updateRuns(): boolean {
  const file = `${paths().pulumiBackend}/.pulumi/stacks/keelson/multi-agent-rag.local.json`;
  // Pulumi writes it anew at each step.
  try {
    const { checkpoint } = JSON.parse(readFileSync(file, 'utf8')) as {
      checkpoint: { latest?: { pending_operations?: object[] } };
    };
    return (checkpoint.latest?.pending_operations ?? []).length > 0;
  } catch {
    return false;
  }
}
