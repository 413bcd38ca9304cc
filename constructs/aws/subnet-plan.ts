import { WiringError } from '../problem.ts';

/** Address ranges of one availability zone. */
export interface ZoneRanges {
  /** For load balancers and the way out. */
  readonly public: string;
  /** For nodes and pods. */
  readonly private: string;
}

/** A range as number and length. */
interface Range {
  readonly base: number;
  readonly prefix: number;
}

const toText = (base: number): string => [24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join('.');

/** A range in CIDR notation whose host bits are zero; undefined for anything else. */
function parse(cidr: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  const base = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const size = 2 ** (32 - prefix);
  return base % size === 0 ? { base, prefix } : undefined;
}

/**
 * Divides a network among zones: one large private range for each, since every pod takes an address of its own, and one small public range.
 * The same input always gives the same ranges, and a zone added later moves none of the others: there is room for four.
 *
 * @param cidr - range of the whole network, /16 to /20
 * @param zones - how many zones, 2 to 4
 * @throws WiringError for a range that cannot be divided
 */
export function planSubnets(cidr: string, zones: number): readonly ZoneRanges[] {
  const range = parse(cidr);
  if (range === undefined) {
    throw new WiringError('network', { path: 'cidr', value: cidr, cure: 'use a range such as 10.0.0.0/16' });
  }
  if (range.prefix < 16 || range.prefix > 20) {
    throw new WiringError('network', { path: 'cidr', value: cidr, cure: 'use a length from /16 to /20' });
  }
  if (!Number.isInteger(zones) || zones < 2 || zones > 4) {
    throw new WiringError('network', { path: 'zones', value: zones, cure: 'use 2, 3 or 4' });
  }
  // Eighths: four private ranges take the first half and more, the last eighth is divided among the public ones.
  const slot = 2 ** (32 - range.prefix - 3);
  const small = slot / 4;
  return Array.from({ length: zones }, (_, index) => ({
    private: `${toText(range.base + index * slot)}/${range.prefix + 3}`,
    public: `${toText(range.base + 7 * slot + index * small)}/${range.prefix + 5}`,
  }));
}
