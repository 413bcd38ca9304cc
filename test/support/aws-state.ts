/** What AWS adds to a resource when it makes it, as far as others read it. */
export function awsState(
  type: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const arn = `arn:aws:mock:eu-central-1:123456789012:${name}`;
  const common = { arn, region: 'eu-central-1', ...inputs };
  switch (type) {
    case 'aws:eks/cluster:Cluster': {
      // The program always gives it as an object.
      const vpcConfig = { ...(inputs.vpcConfig as object), clusterSecurityGroupId: 'sg-0', vpcId: 'vpc-0' };
      const certificateAuthority = { data: 'Y2VydGlmaWNhdGU=' };
      return { ...common, endpoint: 'https://cluster.eks.example', certificateAuthority, vpcConfig };
    }
    case 'aws:eks/nodeGroup:NodeGroup':
      return { ...common, resources: [{ autoscalingGroups: [{ name: `${name}-asg` }] }] };
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { ...common, latestVersion: 1 };
    case 'aws:ecr/repository:Repository':
      return { ...common, repositoryUrl: `123456789012.dkr.ecr.eu-central-1.example/${String(inputs.name)}` };
    case 'aws:route53/zone:Zone':
      return { ...common, zoneId: 'Z0', nameServers: ['ns-1.example', 'ns-2.example'] };
    case 'aws:acm/certificate:Certificate': {
      const proof = { resourceRecordName: '_proof.', resourceRecordType: 'CNAME', resourceRecordValue: '_value.' };
      return { ...common, domainValidationOptions: [{ domainName: inputs.domainName, ...proof }] };
    }
    case 'aws:route53/record:Record':
      return { ...common, fqdn: inputs.name };
    case 'aws:sqs/queue:Queue':
      return { ...common, url: `https://sqs.example/${name}` };
    case 'aws:kms/key:Key':
      return { ...common, keyId: name };
    case 'aws:iam/role:Role':
      return { name, ...common };
    default:
      return common;
  }
}
