import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../../constructs/bridge/manifest.ts';
import { at, podSpecOf, textAt } from '../../constructs/bridge/manifest.ts';
import { clusterLayout } from '../../local/cluster/layout.ts';
import { resolvePaths } from '../../local/paths.ts';
import { ensureDefinitions } from '../../local/toolchain/crds.ts';
import { findTools } from '../../local/toolchain/index.ts';
import { KubernetesApi } from './support/kubernetes-api.ts';
import { renderedStacks } from './support/rendered-stacks.ts';

// On the platform of the suite. Alone, against any cluster that may be tried out on:
//   KEELSON_SCHEMA_KUBECONFIG=~/.kube/config jest --config jest.schema.config.js
const kubeconfig =
  process.env.KEELSON_SCHEMA_KUBECONFIG ?? clusterLayout(process.env.KEELSON_E2E_STATE ?? '').kubeconfig;

let api: KubernetesApi;
/** What was made for the tests, in the order in which it was made. */
const made: Manifest[] = [];

async function make(manifest: Manifest): Promise<void> {
  if (await api.create(manifest)) made.push(manifest);
}

const everything = renderedStacks.flatMap(({ objects }) => objects);
/** Each object of a kind once, by namespace and name. */
function distinct(kind: string): readonly Manifest[] {
  const found = everything.filter((manifest) => manifest.kind === kind);
  const key = ({ metadata }: Manifest) => `${textAt(metadata, 'namespace')}/${textAt(metadata, 'name')}`;
  return [...new Map(found.map((manifest) => [key(manifest), manifest])).values()];
}

/** Custom resources whose definitions are in no package registry: their fields are not checked, but all else about them is. */
const unchecked: readonly Manifest[] = [
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'milvuses.milvus.io' },
    spec: {
      group: 'milvus.io',
      scope: 'Namespaced',
      names: { kind: 'Milvus', plural: 'milvuses', singular: 'milvus', listKind: 'MilvusList' },
      versions: [
        {
          name: 'v1beta1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  },
];

beforeAll(
  async () => {
    const paths = resolvePaths();
    const tools = await findTools(paths);
    const kubectl = tools.has('kube') ? `${tools.binDir}/kubectl` : 'kubectl';
    api = await KubernetesApi.open(kubectl, kubeconfig);
    const documents = parseAllDocuments(readFileSync(await ensureDefinitions(paths.cache), 'utf8'));
    const files: Manifest[] = documents.map((document) => document.toJS()).filter((found) => found !== null);
    const definitions = [...files, ...unchecked].filter(({ kind }) => kind === 'CustomResourceDefinition');
    await Promise.all(definitions.map(make));
    const names = definitions.map(({ metadata }) => `crd/${textAt(metadata, 'name')}`);
    // Conditions first: of those that are not there yet, kubectl says that they have no type.
    for (const condition of ['jsonpath={.status.conditions}', 'condition=Established']) {
      await execa(kubectl, ['--kubeconfig', kubeconfig, 'wait', `--for=${condition}`, '--timeout=120s', ...names]);
    }
    // What admission looks up when it judges a pod.
    await Promise.all(distinct('PriorityClass').map(make));
    const runtimes = new Set(everything.map((manifest) => textAt(podSpecOf(manifest), 'runtimeClassName')));
    for (const name of runtimes) {
      if (name === undefined) continue;
      await make({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: name });
    }
    await Promise.all(distinct('Namespace').map(make));
    await Promise.all(distinct('ServiceAccount').map(make));
  },
  3 * 60 * 1000,
);

afterAll(async () => {
  // Namespaces take their accounts along.
  const own = made.filter(({ kind }) => kind !== 'ServiceAccount').reverse();
  await Promise.all(own.map((manifest) => api.remove(manifest)));
  api.close();
});

/** What the server objects to, one line each. */
async function objections(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const answers = await Promise.all(
    manifests.map(async (manifest) => {
      const { status, body, warnings } = await api.dryRun(manifest);
      const where = `${manifest.kind} ${textAt(manifest.metadata, 'namespace') ?? ''}/${manifest.metadata.name}`;
      const refused = status < 300 ? [] : [`${where}: ${body.message}`];
      return [...refused, ...warnings.map((warning) => `${where}: ${warning}`)];
    }),
  );
  return answers.flat();
}

/** Made for real already: the server would only say that they are there. */
const isThere = ({ kind }: Manifest): boolean => ['Namespace', 'ServiceAccount', 'PriorityClass'].includes(kind);
/** Of the namespaces of node agents, the server warns as it should. */
const isPrivileged = ({ metadata }: Manifest): boolean =>
  distinct('Namespace').some(
    (namespace) =>
      namespace.metadata.name === metadata.namespace &&
      at(namespace.metadata, 'labels', 'pod-security.kubernetes.io/enforce') === 'privileged',
  );

describe.each(renderedStacks)('the API server, asked about $stack', ({ objects, pods }) => {
  it('takes every object, without a warning', async () => {
    const usual = objects.filter((manifest) => !isThere(manifest) && !isPrivileged(manifest));
    expect(usual.length).toBeGreaterThan(10);
    expect(await objections(usual)).toEqual([]);
    const agents = objects.filter((manifest) => !isThere(manifest) && isPrivileged(manifest));
    const refused = (await objections(agents)).filter((line) => !line.includes('would violate PodSecurity'));
    expect(refused).toEqual([]);
  });

  it('lets every pod in, with the restricted standard enforced', async () => {
    expect(pods.length).toBeGreaterThan(3);
    expect(await objections(pods.filter((pod) => !isPrivileged(pod)))).toEqual([]);
    const agents = await objections(pods.filter(isPrivileged));
    expect(agents.filter((line) => !line.includes('would violate PodSecurity'))).toEqual([]);
    for (const pod of pods.filter(isPrivileged)) {
      expect(textAt(pod.metadata, 'name')).toMatch(/^daemonset-(node-exporter|dcgm-exporter)$/);
    }
  });
});

describe('the API server refuses', () => {
  const [stack] = renderedStacks;
  const [pod] = stack?.pods ?? [];

  it('a pod with more rights than the restricted standard allows', async () => {
    if (pod === undefined) throw new Error('no pod');
    const broken = { ...pod, spec: { ...(podSpecOf(pod) ?? {}), hostNetwork: true } };
    expect(await objections([broken])).toEqual([expect.stringMatching(/violates PodSecurity "restricted/)]);
  });

  it('a field that it does not know, in its own kinds and in those of operators', async () => {
    const namespace = textAt(pod?.metadata, 'namespace') ?? '';
    const answers = await objections([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace }, dato: {} },
      {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { name: 'a', namespace },
        spec: { maxReplica: 1 },
      },
    ]);
    expect(answers).toEqual([
      expect.stringContaining('unknown field "dato"'),
      expect.stringContaining('unknown field "spec.maxReplica"'),
    ]);
  });
});
