import { LogGroup } from '@pulumi/aws/cloudwatch/index.js';
import { AccessEntry, AccessPolicyAssociation, Addon, type AddonArgs, Cluster } from '@pulumi/aws/eks/index.js';
import { Role, RolePolicy, RolePolicyAttachment } from '@pulumi/aws/iam/index.js';
import { Alias, Key } from '@pulumi/aws/kms/index.js';
import { all, ComponentResource, type ComponentResourceOptions, type Output, type Resource } from '@pulumi/pulumi';
import { WiringError } from '../problem.ts';
import { type AddOn, addOns, kubernetesVersion } from './add-ons.ts';
import type { Network } from './network.ts';
import { policyDocument, trustPolicy } from './policy-document.ts';

/** Who may do what in the cluster, as ARNs of IAM roles. */
export interface ClusterAccess {
  /** May do everything. @default - whoever creates the cluster, and nobody else */
  readonly admins?: readonly string[];
  /** Deploy: they are in the Kubernetes group `keelson:deployers`. @default - none */
  readonly deployers?: readonly string[];
  /** Operate: they are in the Kubernetes group `keelson:operators`. @default - none */
  readonly operators?: readonly string[];
  /** Look: they are in the Kubernetes group `keelson:viewers`. @default - none */
  readonly viewers?: readonly string[];
}

/** Properties of {@link EksCluster}. */
export interface EksClusterProps {
  readonly network: Network;
  /** @default - only who creates it */
  readonly access?: ClusterAccess;
  /** Ranges of addresses that reach the API server from outside the network. @default - none: its endpoint is private */
  readonly publicAccessCidrs?: readonly string[];
  /** Days that audit and other logs of the control plane are kept. @default 90 */
  readonly logDays?: number;
  /** Whether AWS refuses to delete it. @default true */
  readonly deletionProtection?: boolean;
}

/** All that the control plane can log. */
const logTypes = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'] as const;

interface EndpointAccess {
  readonly endpointPrivateAccess: true;
  readonly endpointPublicAccess: boolean;
  readonly publicAccessCidrs?: string[];
}

/** How the control plane is reached. Pure. */
export function endpointAccess(publicAccessCidrs: readonly string[]): EndpointAccess {
  const open = publicAccessCidrs.find((cidr) => /\/0$/.test(cidr));
  if (open !== undefined) {
    throw new WiringError('cluster', {
      path: 'publicAccessCidrs',
      value: open,
      cure: 'name the addresses of the team or of its runners: the whole internet is nobody in particular',
    });
  }
  if (publicAccessCidrs.length === 0) return { endpointPrivateAccess: true, endpointPublicAccess: false };
  return { endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: [...publicAccessCidrs] };
}

/** Kubernetes groups by the list that a role is in. */
const groups = { deployers: 'keelson:deployers', operators: 'keelson:operators', viewers: 'keelson:viewers' } as const;

/**
 * An EKS cluster: private endpoint, secrets encrypted with a key of its own, all logs of the control plane, access by entries instead of a
 * config map, and the add-ons at pinned versions, with network policies enforced.
 */
export class EksCluster extends ComponentResource {
  readonly clusterName: Output<string>;
  readonly arn: Output<string>;
  /** For kubectl and Pulumi, with a token of the AWS CLI for each call: no credential is in it. */
  readonly kubeconfig: Output<string>;
  /** Nodes belong to it. */
  readonly securityGroupId: Output<string>;
  /** What has to be there before nodes join. */
  readonly beforeNodes: readonly Resource[];
  readonly #late: readonly AddOn[];

  constructor(name: string, props: EksClusterProps, options?: ComponentResourceOptions) {
    super('keelson:aws:EksCluster', name, {}, options);
    const parent = { parent: this };
    const key = new Key(
      `${name}-secrets`,
      { description: `Secrets of the Kubernetes cluster ${name}`, enableKeyRotation: true, deletionWindowInDays: 30 },
      parent,
    );
    new Alias(`${name}-secrets`, { name: `alias/keelson/${name}/secrets`, targetKeyId: key.keyId }, parent);
    const role = new Role(
      `${name}-control-plane`,
      { assumeRolePolicy: trustPolicy(['eks.amazonaws.com'], ['sts:AssumeRole', 'sts:TagSession']) },
      parent,
    );
    const attached = new RolePolicyAttachment(
      `${name}-control-plane`,
      { role: role.name, policyArn: 'arn:aws:iam::aws:policy/AmazonEKSClusterPolicy' },
      parent,
    );
    const actions = ['kms:Encrypt', 'kms:Decrypt', 'kms:ListGrants', 'kms:DescribeKey'];
    const usesKey = new RolePolicy(
      `${name}-secrets`,
      { role: role.id, policy: policyDocument([{ actions, resources: [key.arn] }]) },
      parent,
    );
    // Made first, or EKS would make it itself and keep it for ever.
    const logs = new LogGroup(
      `${name}-control-plane`,
      { name: `/aws/eks/${name}/cluster`, retentionInDays: props.logDays ?? 90 },
      parent,
    );
    const { admins = [] } = props.access ?? {};
    const cluster = new Cluster(
      name,
      {
        name,
        version: kubernetesVersion,
        roleArn: role.arn,
        vpcConfig: {
          subnetIds: [...props.network.privateSubnetIds],
          ...endpointAccess(props.publicAccessCidrs ?? []),
        },
        accessConfig: {
          authenticationMode: 'API',
          // Without a single administrator nobody could ever deploy to it.
          bootstrapClusterCreatorAdminPermissions: admins.length === 0,
        },
        encryptionConfig: { provider: { keyArn: key.arn }, resources: ['secrets'] },
        enabledClusterLogTypes: [...logTypes],
        // The add-ons below are managed at pinned versions instead.
        bootstrapSelfManagedAddons: false,
        upgradePolicy: { supportType: 'STANDARD' },
        zonalShiftConfig: { enabled: true },
        deletionProtection: props.deletionProtection ?? true,
      },
      { parent: this, dependsOn: [attached, usesKey, logs], protect: props.deletionProtection ?? true },
    );
    this.clusterName = cluster.name;
    this.arn = cluster.arn;
    this.securityGroupId = cluster.vpcConfig.apply(({ clusterSecurityGroupId }) => clusterSecurityGroupId);
    const { endpoint, certificateAuthority, region } = cluster;
    const authority = certificateAuthority.apply(({ data }) => data ?? '');
    this.kubeconfig = all([cluster.name, endpoint, authority, region]).apply(
      ([clusterName, server, certificate, where]) =>
        kubeconfigOf({ clusterName, endpoint: server, authority: certificate, region: where }),
    );
    this.#admit(name, props.access ?? {});
    const early = addOns.filter(({ beforeNodes }) => beforeNodes);
    this.#late = addOns.filter(({ beforeNodes }) => !beforeNodes);
    this.beforeNodes = early.map((addOn) => this.#addOn(name, addOn, []));
    this.registerOutputs({ clusterName: this.clusterName });
  }

  /** The add-ons whose pods need nodes to run on. */
  installOnNodes(name: string, nodes: readonly Resource[]): readonly Resource[] {
    return this.#late.map((addOn) => this.#addOn(name, addOn, nodes));
  }

  #addOn(name: string, addOn: AddOn, after: readonly Resource[]): Resource {
    const { name: addonName, version, configuration, identity } = addOn;
    const args: AddonArgs = {
      clusterName: this.clusterName,
      addonName,
      addonVersion: version,
      resolveConflictsOnCreate: 'OVERWRITE',
      resolveConflictsOnUpdate: 'OVERWRITE',
      ...(configuration !== undefined && { configurationValues: JSON.stringify(configuration) }),
      ...(identity !== undefined && {
        podIdentityAssociations: [
          { serviceAccount: identity.serviceAccount, roleArn: this.#roleOf(name, addonName, identity.managedPolicy) },
        ],
      }),
    };
    return new Addon(`${name}-${addonName}`, args, { parent: this, dependsOn: [...after] });
  }

  #roleOf(name: string, addOn: string, managedPolicy: string): Output<string> {
    const parent = { parent: this };
    const assumeRolePolicy = trustPolicy(['pods.eks.amazonaws.com'], ['sts:AssumeRole', 'sts:TagSession']);
    const role = new Role(`${name}-${addOn}`, { assumeRolePolicy }, parent);
    const policyArn = `arn:aws:iam::aws:policy/${managedPolicy}`;
    new RolePolicyAttachment(`${name}-${addOn}`, { role: role.name, policyArn }, parent);
    return role.arn;
  }

  #admit(name: string, access: ClusterAccess): void {
    const parent = { parent: this };
    const clusterName = this.clusterName;
    for (const principalArn of access.admins ?? []) {
      const id = `${name}-admin-${shortName(principalArn)}`;
      new AccessEntry(id, { clusterName, principalArn }, parent);
      new AccessPolicyAssociation(
        id,
        {
          clusterName,
          principalArn,
          policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
          accessScope: { type: 'cluster' },
        },
        parent,
      );
    }
    for (const kind of ['deployers', 'operators', 'viewers'] as const) {
      for (const principalArn of access[kind] ?? []) {
        const entry = { clusterName, principalArn, kubernetesGroups: [groups[kind]] };
        new AccessEntry(`${name}-${kind}-${shortName(principalArn)}`, entry, parent);
      }
    }
  }
}

/** The last part of a role's ARN. */
const shortName = (arn: string): string => arn.split('/').at(-1) ?? arn;

/** A kubeconfig whose token the AWS CLI makes for each call. Pure. */
export function kubeconfigOf(cluster: {
  readonly clusterName: string;
  readonly endpoint: string;
  /** Certificate of the authority, in base64. */
  readonly authority: string;
  readonly region: string;
}): string {
  const { clusterName, endpoint, authority, region } = cluster;
  const args = ['eks', 'get-token', '--cluster-name', clusterName, '--region', region, '--output', 'json'];
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: clusterName, cluster: { server: endpoint, 'certificate-authority-data': authority } }],
    users: [
      {
        name: clusterName,
        user: {
          exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws', args, interactiveMode: 'Never' },
        },
      },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user: clusterName } }],
    'current-context': clusterName,
  });
}
