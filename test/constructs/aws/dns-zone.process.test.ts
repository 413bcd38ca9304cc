import { describe, expect, it } from '@jest/globals';
import { DnsZone } from '../../../constructs/aws/dns-zone.ts';
import { mockEngine, settled } from '../../support/mocks.ts';

describe('DnsZone', () => {
  it('has a certificate for the domain and the names below it, proved in the zone itself', async () => {
    const registered = await mockEngine();
    new DnsZone('zone', { domain: 'ai.example.com' });
    await settled();
    expect(registered.find(({ type }) => type === 'aws:acm/certificate:Certificate')?.inputs).toMatchObject({
      domainName: 'ai.example.com',
      subjectAlternativeNames: ['*.ai.example.com'],
      validationMethod: 'DNS',
    });
    expect(registered.find(({ type }) => type === 'aws:route53/record:Record')?.inputs).toMatchObject({
      zoneId: 'Z0',
      name: '_proof.',
      records: ['_value.'],
    });
  });

  it('refuses what is no domain', async () => {
    await mockEngine();
    expect(() => new DnsZone('zone', { domain: 'AI Example' })).toThrow('use a domain such as ai.example.com');
  });
});
