import { describe, expect, it } from '@jest/globals';
import { addOns, kubernetesVersion } from '../../../constructs/aws/add-ons.ts';
import { EksCluster, endpointAccess, kubeconfigOf } from '../../../constructs/aws/eks-cluster.ts';
import { Network } from '../../../constructs/aws/network.ts';
import { mockEngine, type Registered, settled } from '../../support/mocks.ts';

async function made(more: Partial<ConstructorParameters<typeof EksCluster>[1]> = {}): Promise<readonly Registered[]> {
  const registered = await mockEngine();
  const network = new Network('net', { region: 'eu-central-1', clusterName: 'main' });
  const cluster = new EksCluster('main', { network, ...more });
  cluster.installOnNodes('main', []);
  await settled();
  return registered;
}

describe('EksCluster', () => {
  it('has a private endpoint, encrypted secrets, all logs, and access by entries', async () => {
    const registered = await made();
    expect(registered.find(({ type }) => type === 'aws:eks/cluster:Cluster')).toMatchObject({
      protect: true,
      inputs: {
        version: kubernetesVersion,
        vpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false },
        encryptionConfig: { resources: ['secrets'] },
        enabledClusterLogTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
        accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
      },
    });
  });

  it('enforces network policies, and pins every add-on', async () => {
    const installed = (await made()).filter(({ type }) => type === 'aws:eks/addon:Addon');
    const versions = Object.fromEntries(installed.map(({ inputs }) => [inputs.addonName, inputs.addonVersion]));
    expect(versions).toEqual(Object.fromEntries(addOns.map(({ name, version }) => [name, version])));
    const network = installed.find(({ inputs }) => inputs.addonName === 'vpc-cni');
    expect(JSON.parse(String(network?.inputs.configurationValues))).toMatchObject({ enableNetworkPolicy: 'true' });
  });

  it('admits each role to what it may do, and then nobody by chance', async () => {
    const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const registered = await made({
      access: { admins: [role('platform')], deployers: [role('ci')], viewers: [role('dev')] },
    });
    const entries = registered.filter(({ type }) => type === 'aws:eks/accessEntry:AccessEntry');
    expect(entries.map(({ inputs }) => [inputs.principalArn, inputs.kubernetesGroups])).toEqual([
      [role('platform'), undefined],
      [role('ci'), ['keelson:deployers']],
      [role('dev'), ['keelson:viewers']],
    ]);
    expect(registered.find(({ type }) => type === 'aws:eks/cluster:Cluster')?.inputs).toMatchObject({
      accessConfig: { bootstrapClusterCreatorAdminPermissions: false },
    });
  });
});

describe('endpointAccess', () => {
  it('opens the API server for named addresses only', () => {
    expect(endpointAccess(['203.0.113.0/24'])).toEqual({
      endpointPrivateAccess: true,
      endpointPublicAccess: true,
      publicAccessCidrs: ['203.0.113.0/24'],
    });
    expect(() => endpointAccess(['0.0.0.0/0'])).toThrow('publicAccessCidrs is "0.0.0.0/0"');
  });
});

describe('kubeconfigOf', () => {
  it('holds no credential: the AWS CLI makes a token for each call', () => {
    const text = kubeconfigOf({
      clusterName: 'main',
      endpoint: 'https://x',
      authority: 'Y2E=',
      region: 'eu-central-1',
    });
    expect(JSON.parse(text)).toMatchObject({
      'current-context': 'main',
      users: [{ user: { exec: { command: 'aws', args: expect.arrayContaining(['get-token', 'main']) } } }],
    });
    expect(text).not.toMatch(/token":|client-key/);
  });
});
