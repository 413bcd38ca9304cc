import { spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { apply, type Kubectl, kubectl } from './kubectl.ts';
import type { ClusterLayout } from './layout.ts';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** The pool that simulated nodes stand for: one GPU each. */
const pool = {
  product: 'NVIDIA-L4',
  memoryMiB: 23034,
  cpu: '8',
  memory: '32Gi',
  disk: '200Gi',
} as const;

const simulated = 'keelson.dev/simulated';

/** A node that exists in the API alone: pods are scheduled to it and become ready, and nothing runs. */
export function simulatedNode(index: number): object {
  const name = `gpu-${index}`;
  const capacity = {
    cpu: pool.cpu,
    memory: pool.memory,
    'ephemeral-storage': pool.disk,
    pods: '110',
    'nvidia.com/gpu': '1',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        [simulated]: 'true',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        // As NVIDIA's GPU feature discovery names them.
        'nvidia.com/gpu.present': 'true',
        'nvidia.com/gpu.product': pool.product,
        'nvidia.com/gpu.memory': String(pool.memoryMiB),
        'nvidia.com/gpu.count': '1',
      },
    },
    spec: { taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] },
    status: { capacity, allocatable: capacity },
  };
}

/**
 * The behaviour of simulated nodes and pods.
 *
 * @param module - folder with the sources of KWOK's Go module, which brings it
 */
export function stages(module: string): string {
  return ['node/fast', 'pod/fast']
    .map((name) => path.join(module, 'kustomize', 'stage', name))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => /^(node|pod)-.*\.yaml$/.test(file))
        .map((file) => readFileSync(path.join(folder, file), 'utf8')),
    )
    .join('\n---\n');
}

function runningController(record: string): boolean {
  try {
    // Written below alone.
    return isRunning(JSON.parse(readFileSync(record, 'utf8')) as ProcessIdentity);
  } catch {
    return false;
  }
}

/**
 * Makes the cluster have exactly this many simulated GPU nodes.
 *
 * @param tools - path of the KWOK controller, and folder of its module's sources; asked for only when there is a node to simulate
 */
export async function simulateGpuNodes(
  count: number,
  at: { layout: ClusterLayout; nodePid: number; kubectl: Kubectl },
  tools: { kwok: () => Promise<string>; sources: () => Promise<string> },
): Promise<void> {
  const names = (await kubectl(at.kubectl, ['get', 'nodes', '-l', simulated, '-o', 'name']))
    .split('\n')
    .filter((name) => name !== '');
  const wanted = Array.from({ length: count }, (_, index) => simulatedNode(index));
  const surplus = names.filter((name) => Number(name.split('-').at(-1)) >= count);
  if (surplus.length > 0) await kubectl(at.kubectl, ['delete', ...surplus]);
  if (count === 0) return;
  const record = path.join(at.layout.folder, 'kwok.json');
  if (!runningController(record)) {
    const configuration = path.join(at.layout.folder, 'kwok.yaml');
    const kwok = await tools.kwok();
    writeFileSync(configuration, stages(await tools.sources()));
    const log = openSync(path.join(at.layout.folder, 'kwok.log'), 'w');
    // In the node's process namespace, so that it ends with the node.
    const controller = spawn(
      'nsenter',
      [
        ...['--target', String(at.nodePid), '--net', '--pid', '--', kwok],
        ...['--config', configuration, '--kubeconfig', path.join(at.layout.node, 'kubernetes', 'super-admin.conf')],
        ...[
          '--manage-nodes-with-annotation-selector',
          'kwok.x-k8s.io/node=fake',
          '--node-lease-duration-seconds',
          '40',
        ],
      ],
      { detached: true, stdio: ['ignore', log, log] },
    );
    controller.unref();
    if (controller.pid === undefined) throw new Error('the KWOK controller did not start');
    writeFileSync(record, JSON.stringify(identify(controller.pid)));
  }
  await apply(at.kubectl, wanted.map((node) => stringify(node)).join('---\n'));
  await kubectl(at.kubectl, ['wait', 'node', '-l', simulated, '--for=condition=Ready', '--timeout=60s']);
}
