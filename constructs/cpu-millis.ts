import type { Cpu } from 'cdk8s-plus-28';

/** In thousandths of a processor: `500m` gives 500, `2` gives 2000. */
export function cpuMillis({ amount }: Cpu): number {
  return amount.endsWith('m') ? Number(amount.slice(0, -1)) : Number(amount) * 1000;
}
