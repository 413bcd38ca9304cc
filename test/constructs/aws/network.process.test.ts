import { describe, expect, it } from '@jest/globals';
import { Network } from '../../../constructs/aws/network.ts';
import { mockEngine, type Registered, settled } from '../../support/mocks.ts';

async function made(natPerZone: boolean): Promise<(type: string) => readonly Registered[]> {
  const registered = await mockEngine();
  new Network('net', { region: 'eu-central-1', clusterName: 'main', natPerZone });
  await settled();
  return (type) => registered.filter((each) => each.type === type);
}

describe('Network', () => {
  it('spreads over three zones, with subnets that load balancers and Karpenter find', async () => {
    const of = await made(true);
    const subnets = of('aws:ec2/subnet:Subnet');
    expect(new Set(subnets.map(({ inputs }) => inputs.availabilityZone)).size).toBe(3);
    expect(
      subnets.filter(({ inputs }) => JSON.stringify(inputs.tags).includes('"karpenter.sh/discovery":"main"')),
    ).toHaveLength(3);
    expect(subnets.every(({ inputs }) => inputs.mapPublicIpOnLaunch !== true)).toBe(true);
  });

  it.each([
    [true, 3],
    [false, 1],
  ])('one way out per zone %s: %d gateways', async (natPerZone, gateways) => {
    const of = await made(natPerZone);
    expect(of('aws:ec2/natGateway:NatGateway')).toHaveLength(gateways);
    expect(of('aws:ec2/routeTable:RouteTable')).toHaveLength(4);
  });

  it('reaches S3, images and tokens without the internet', async () => {
    const services = (await made(true))('aws:ec2/vpcEndpoint:VpcEndpoint').map(({ inputs }) => inputs.serviceName);
    for (const service of ['s3', 'ecr.api', 'ecr.dkr', 'sts'])
      expect(services).toContain(`com.amazonaws.eu-central-1.${service}`);
  });

  it('closes the default security group and logs all flows', async () => {
    const of = await made(true);
    expect(of('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup')[0]?.inputs).toMatchObject({
      ingress: [],
      egress: [],
    });
    expect(of('aws:ec2/flowLog:FlowLog')[0]?.inputs).toMatchObject({ trafficType: 'ALL' });
  });
});
