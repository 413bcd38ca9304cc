import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planSubnets } from '../../../constructs/aws/subnet-plan.ts';

/** First and last address of a range. */
function bounds(cidr: string): readonly [number, number] {
  const [address = '', length = ''] = cidr.split('/');
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return [base, base + 2 ** (32 - Number(length)) - 1];
}

describe('planSubnets', () => {
  it('gives each zone a large private range and a small public one', () => {
    expect(planSubnets('10.0.0.0/16', 3)).toEqual([
      { private: '10.0.0.0/19', public: '10.0.224.0/21' },
      { private: '10.0.32.0/19', public: '10.0.232.0/21' },
      { private: '10.0.64.0/19', public: '10.0.240.0/21' },
    ]);
  });

  it('keeps all ranges inside the network and apart, and moves none when a zone is added', () => {
    const network = fc.record({ second: fc.integer({ min: 0, max: 255 }), prefix: fc.integer({ min: 16, max: 20 }) });
    fc.assert(
      fc.property(network, fc.integer({ min: 2, max: 4 }), ({ second, prefix }, zones) => {
        const cidr = `10.${second}.0.0/${prefix}`;
        const plan = planSubnets(cidr, zones);
        const [first, last] = bounds(cidr);
        const ranges = plan.flatMap((zone) => [bounds(zone.private), bounds(zone.public)]).sort(([a], [b]) => a - b);
        for (const [from, to] of ranges) expect(from >= first && to <= last).toBe(true);
        for (const [index, [from]] of ranges.entries()) {
          if (index > 0) expect(from).toBeGreaterThan(ranges[index - 1]?.[1] ?? Number.NaN);
        }
        if (zones < 4) expect(planSubnets(cidr, zones + 1).slice(0, zones)).toEqual(plan);
      }),
    );
  });

  it.each([
    ['10.0.0.1/16', 3, 'cidr is "10.0.0.1/16": use a range such as 10.0.0.0/16'],
    ['10.0.0.0/24', 3, 'use a length from /16 to /20'],
    ['10.300.0.0/16', 3, 'use a range such as'],
    ['ten', 3, 'use a range such as'],
    ['10.0.0.0/16', 5, 'zones is 5: use 2, 3 or 4'],
  ])('refuses %s in %d zones', (cidr, zones, message) => expect(() => planSubnets(cidr, zones)).toThrow(message));
});
