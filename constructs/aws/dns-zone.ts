import { Certificate, CertificateValidation } from '@pulumi/aws/acm/index.js';
import { Record as DnsRecord, Zone } from '@pulumi/aws/route53/index.js';
import { ComponentResource, type ComponentResourceOptions, type Output, output } from '@pulumi/pulumi';
import { WiringError } from '../problem.ts';

/** Properties of {@link DnsZone}. */
export interface DnsZoneProps {
  /** Domain of the platform, for example `ai.example.com`. Its parent has to delegate to the zone's name servers. */
  readonly domain: string;
}

const validDomain = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** A zone of the domain, and a certificate for it and all names below it, which renews itself. */
export class DnsZone extends ComponentResource {
  readonly zoneId: Output<string>;
  /** To be entered at the parent domain. */
  readonly nameServers: Output<string[]>;
  readonly certificateArn: Output<string>;

  constructor(name: string, { domain }: DnsZoneProps, options?: ComponentResourceOptions) {
    super('keelson:aws:DnsZone', name, {}, options);
    if (!validDomain.test(domain)) {
      throw new WiringError(name, {
        path: 'domain',
        value: domain,
        cure: 'use a domain such as ai.example.com, in lower case',
      });
    }
    const parent = { parent: this };
    const zone = new Zone(name, { name: domain, comment: 'Keelson' }, parent);
    const certificate = new Certificate(
      name,
      {
        domainName: domain,
        subjectAlternativeNames: [`*.${domain}`],
        validationMethod: 'DNS',
        keyAlgorithm: 'EC_prime256v1',
      },
      parent,
    );
    // The domain and its wildcard are proved by one and the same record.
    const proof = output(certificate.domainValidationOptions).apply((options) => options?.[0]);
    const record = new DnsRecord(
      `${name}-proof`,
      {
        zoneId: zone.zoneId,
        name: proof.apply((each) => each?.resourceRecordName ?? ''),
        type: proof.apply((each) => each?.resourceRecordType ?? 'CNAME'),
        records: [proof.apply((each) => each?.resourceRecordValue ?? '')],
        ttl: 60,
        allowOverwrite: true,
      },
      parent,
    );
    const proved = { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] };
    const validation = new CertificateValidation(name, proved, parent);
    this.zoneId = zone.zoneId;
    this.nameServers = zone.nameServers;
    this.certificateArn = validation.certificateArn;
    this.registerOutputs({ zoneId: this.zoneId });
  }
}
