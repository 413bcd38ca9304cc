import { LogGroup } from '@pulumi/aws/cloudwatch/index.js';
import {
  DefaultSecurityGroup,
  Eip,
  FlowLog,
  InternetGateway,
  NatGateway,
  Route,
  RouteTable,
  RouteTableAssociation,
  SecurityGroup,
  Subnet,
  Vpc,
  VpcEndpoint,
} from '@pulumi/aws/ec2/index.js';
import { Role, RolePolicy } from '@pulumi/aws/iam/index.js';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { policyDocument, trustPolicy } from './policy-document.ts';
import { planSubnets } from './subnet-plan.ts';

/** Properties of {@link Network}. */
export interface NetworkProps {
  readonly region: string;
  /** Name of the cluster that runs in it: load balancers and Karpenter find their subnets by it. */
  readonly clusterName: string;
  /** Range of addresses, /16 to /20. @default '10.0.0.0/16' */
  readonly cidr?: string;
  /** Letters of the availability zones. @default - a, b and c */
  readonly zones?: readonly string[];
  /** Whether each zone has its own way out, so that the loss of one zone takes none from the others; else one for all. @default true */
  readonly natPerZone?: boolean;
  /** Days that flow logs are kept. @default 30 */
  readonly flowLogDays?: number;
}

/** Services of AWS that nodes and pods reach without leaving the network, beside S3: pulls, tokens, logs and the cluster's own calls. */
const privateServices = [
  'ecr.api',
  'ecr.dkr',
  'sts',
  'ec2',
  'eks',
  'eks-auth',
  'logs',
  'secretsmanager',
  'kms',
] as const;

/**
 * A network of three zones: private subnets for nodes and pods, public ones for load balancers and the way out, endpoints for what the
 * cluster asks of AWS, logs of all flows, and a default security group that lets nothing through.
 */
export class Network extends ComponentResource {
  readonly vpcId: Output<string>;
  readonly cidr: string;
  readonly privateSubnetIds: readonly Output<string>[];
  readonly publicSubnetIds: readonly Output<string>[];

  constructor(name: string, props: NetworkProps, options?: ComponentResourceOptions) {
    super('keelson:aws:Network', name, {}, options);
    const { region, clusterName, cidr = '10.0.0.0/16', zones = ['a', 'b', 'c'], natPerZone = true } = props;
    const parent = { parent: this };
    const tagged = (suffix: string) => ({ Name: `${name}-${suffix}` });
    const ranges = planSubnets(cidr, zones.length);
    this.cidr = cidr;

    const vpc = new Vpc(
      name,
      { cidrBlock: cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
      parent,
    );
    this.vpcId = vpc.id;
    new DefaultSecurityGroup(
      `${name}-default`,
      { vpcId: vpc.id, ingress: [], egress: [], tags: tagged('default-closed') },
      parent,
    );
    const internet = new InternetGateway(name, { vpcId: vpc.id, tags: { Name: name } }, parent);
    const publicTable = new RouteTable(`${name}-public`, { vpcId: vpc.id, tags: tagged('public') }, parent);
    const route = { destinationCidrBlock: '0.0.0.0/0', gatewayId: internet.id };
    new Route(`${name}-public`, { routeTableId: publicTable.id, ...route }, parent);

    const publicSubnets: Subnet[] = [];
    const privateSubnets: Subnet[] = [];
    const privateTables: RouteTable[] = [];
    const gateways: NatGateway[] = [];
    for (const [index, zone] of zones.entries()) {
      const zoneRanges = ranges[index];
      if (zoneRanges === undefined) throw new Error(`no range for zone ${zone}`); // planSubnets() gives one for each
      const at = { vpcId: vpc.id, availabilityZone: `${region}${zone}` };
      const open = new Subnet(
        `${name}-public-${zone}`,
        {
          ...at,
          cidrBlock: zoneRanges.public,
          // Load balancers bring their own addresses; nothing else runs here.
          mapPublicIpOnLaunch: false,
          tags: { ...tagged(`public-${zone}`), 'kubernetes.io/role/elb': '1' },
        },
        parent,
      );
      publicSubnets.push(open);
      new RouteTableAssociation(`${name}-public-${zone}`, { subnetId: open.id, routeTableId: publicTable.id }, parent);
      if (natPerZone || index === 0) {
        const address = new Eip(`${name}-nat-${zone}`, { domain: 'vpc', tags: tagged(`nat-${zone}`) }, parent);
        const nat = { allocationId: address.id, subnetId: open.id, tags: tagged(zone) };
        gateways.push(new NatGateway(`${name}-${zone}`, nat, { parent: this, dependsOn: [internet] }));
      }
      const closed = new Subnet(
        `${name}-private-${zone}`,
        {
          ...at,
          cidrBlock: zoneRanges.private,
          tags: {
            ...tagged(`private-${zone}`),
            'kubernetes.io/role/internal-elb': '1',
            'karpenter.sh/discovery': clusterName,
          },
        },
        parent,
      );
      privateSubnets.push(closed);
      const table = new RouteTable(
        `${name}-private-${zone}`,
        { vpcId: vpc.id, tags: tagged(`private-${zone}`) },
        parent,
      );
      privateTables.push(table);
      const gateway = gateways[natPerZone ? index : 0];
      if (gateway === undefined) throw new Error(`no way out for zone ${zone}`); // made above, for each zone or for the first
      const out = { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', natGatewayId: gateway.id };
      new Route(`${name}-private-${zone}`, out, parent);
      new RouteTableAssociation(`${name}-private-${zone}`, { subnetId: closed.id, routeTableId: table.id }, parent);
    }
    this.publicSubnetIds = publicSubnets.map(({ id }) => id);
    this.privateSubnetIds = privateSubnets.map(({ id }) => id);
    this.#endpoints(
      name,
      region,
      privateTables.map(({ id }) => id),
    );
    this.#flowLogs(name, props.flowLogDays ?? 30);
    this.registerOutputs({ vpcId: this.vpcId });
  }

  #endpoints(name: string, region: string, routeTableIds: readonly Output<string>[]): void {
    const parent = { parent: this };
    const { vpcId, cidr, privateSubnetIds } = this;
    const group = new SecurityGroup(
      `${name}-endpoints`,
      {
        vpcId,
        description: 'HTTPS from the network to the endpoints of AWS services',
        ingress: [
          { protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: [cidr], description: 'HTTPS from the network' },
        ],
        egress: [],
        tags: { Name: `${name}-endpoints` },
      },
      parent,
    );
    const gateway = {
      vpcId,
      vpcEndpointType: 'Gateway',
      routeTableIds: [...routeTableIds],
      tags: { Name: `${name}-s3` },
    };
    new VpcEndpoint(`${name}-s3`, { ...gateway, serviceName: `com.amazonaws.${region}.s3` }, parent);
    for (const service of privateServices) {
      new VpcEndpoint(
        `${name}-${service}`,
        {
          vpcId,
          vpcEndpointType: 'Interface',
          serviceName: `com.amazonaws.${region}.${service}`,
          privateDnsEnabled: true,
          subnetIds: [...privateSubnetIds],
          securityGroupIds: [group.id],
          tags: { Name: `${name}-${service}` },
        },
        parent,
      );
    }
  }

  #flowLogs(name: string, days: number): void {
    const parent = { parent: this };
    const logs = new LogGroup(`${name}-flows`, { name: `/keelson/${name}/flows`, retentionInDays: days }, parent);
    const role = new Role(`${name}-flows`, { assumeRolePolicy: trustPolicy(['vpc-flow-logs.amazonaws.com']) }, parent);
    const policy = policyDocument([
      {
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
        resources: [interpolate`${logs.arn}:*`],
      },
    ]);
    new RolePolicy(`${name}-flows`, { role: role.id, policy }, parent);
    new FlowLog(
      `${name}-flows`,
      { vpcId: this.vpcId, trafficType: 'ALL', logDestination: logs.arn, iamRoleArn: role.arn, tags: { Name: name } },
      parent,
    );
  }
}
