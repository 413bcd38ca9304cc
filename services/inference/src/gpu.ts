import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What one GPU does now. */
export interface GpuSample {
  readonly gpu: string;
  /** From 0 to 1. */
  readonly utilization: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
}

const COMMAND = 'nvidia-smi';
const QUERY = ['--query-gpu=index,utilization.gpu,memory.used,memory.total', '--format=csv,noheader,nounits'];
const TIMEOUT_MS = 2000;
const MEBIBYTE = 1024 * 1024;

const run = promisify(execFile);

/**
 * Asks the driver's own program, which the container toolkit puts beside the driver, so that nothing has to be linked.
 * None where there is no such program or no GPU.
 */
export async function sampleGpus(command = COMMAND): Promise<GpuSample[]> {
  try {
    const { stdout } = await run(command, QUERY, { timeout: TIMEOUT_MS });
    return parseGpus(stdout);
  } catch {
    return [];
  }
}

/** One line for each GPU: index, per cent, MiB, MiB; "[N/A]" where a driver does not know. */
export function parseGpus(text: string): GpuSample[] {
  return text.split('\n').flatMap((line) => {
    const [gpu = '', utilization, used, total] = line.split(',').map((part) => part.trim());
    if (gpu === '') return [];
    const number = (value: string | undefined): number => (Number.isFinite(Number(value)) ? Number(value) : 0);
    return [
      {
        gpu,
        utilization: number(utilization) / 100,
        memoryUsedBytes: number(used) * MEBIBYTE,
        memoryTotalBytes: number(total) * MEBIBYTE,
      },
    ];
  });
}
