import type { Scale } from '../environments.ts';
import type { Footprint } from './platform.ts';

type Sizes = Readonly<Record<Scale, Footprint>>;

/*
 * Sizes that several platforms have in common. `small` is what one process needs to work on a machine of two cores, `large`
 * what a busy platform is given. A platform whose guide gives another figure has it in its own file.
 */

/** A cache whose content may be lost. */
export const cache: Sizes = {
  small: { cpu: 25, memory: 48, memoryLimit: 128 },
  medium: { cpu: 250, memory: 512, memoryLimit: 1024 },
  large: { cpu: 1000, memory: 2048, memoryLimit: 4096 },
};

/** A Redis that keeps what it holds. */
export const redis: Sizes = {
  small: { ...cache.small, storage: 1 },
  medium: { ...cache.medium, storage: 8 },
  large: { ...cache.large, storage: 32 },
};

/** A database of metadata or documents. */
export const postgres: Sizes = {
  small: { cpu: 50, memory: 128, memoryLimit: 512, storage: 2 },
  medium: { cpu: 500, memory: 2048, memoryLimit: 4096, storage: 50 },
  large: { cpu: 2000, memory: 8192, memoryLimit: 16384, storage: 200 },
};

/** A vector database. */
export const vectors: Sizes = {
  small: { cpu: 50, memory: 256, memoryLimit: 1024, storage: 2 },
  medium: { cpu: 1000, memory: 4096, memoryLimit: 8192, storage: 50 },
  large: { cpu: 4000, memory: 16384, memoryLimit: 32768, storage: 200 },
};

/** Sentence encoders on the CPU; the storage is room for their weights. */
export const encoder: Sizes = {
  small: { cpu: 100, memory: 384, memoryLimit: 1024, storage: 1 },
  medium: { cpu: 2000, memory: 1024, memoryLimit: 2048, storage: 4 },
  large: { cpu: 4000, memory: 2048, memoryLimit: 4096, storage: 8 },
};

/** A language model of some 7 billion weights on a GPU; the storage is room for its weights. */
export const gpuServer: Sizes = {
  small: { cpu: 2000, memory: 16384, memoryLimit: 24576, storage: 30 },
  medium: { cpu: 4000, memory: 16384, memoryLimit: 24576, storage: 30 },
  large: { cpu: 6000, memory: 20480, memoryLimit: 28672, storage: 30 },
};

/** The orchestrator. */
export const api: Sizes = {
  small: { cpu: 50, memory: 128, memoryLimit: 512 },
  medium: { cpu: 500, memory: 512, memoryLimit: 1024 },
  large: { cpu: 1000, memory: 1024, memoryLimit: 2048 },
};

/** Something that hardly ever works. */
export const minimal: Sizes = {
  small: { cpu: 10, memory: 96, memoryLimit: 256 },
  medium: { cpu: 25, memory: 128, memoryLimit: 256 },
  large: { cpu: 50, memory: 128, memoryLimit: 256 },
};

/** Prometheus. */
export const metrics: Sizes = {
  small: { cpu: 25, memory: 96, memoryLimit: 384, storage: 2 },
  medium: { cpu: 250, memory: 1024, memoryLimit: 2048, storage: 50 },
  large: { cpu: 1000, memory: 4096, memoryLimit: 8192, storage: 200 },
};

/** Alertmanager. */
export const alerts: Sizes = {
  small: { cpu: 10, memory: 32, memoryLimit: 128, storage: 1 },
  medium: { cpu: 50, memory: 64, memoryLimit: 256, storage: 1 },
  large: { cpu: 100, memory: 128, memoryLimit: 256, storage: 2 },
};

/** Grafana. */
export const dashboards: Sizes = {
  small: { cpu: 25, memory: 128, memoryLimit: 256, storage: 1 },
  medium: { cpu: 100, memory: 256, memoryLimit: 512, storage: 2 },
  large: { cpu: 250, memory: 512, memoryLimit: 1024, storage: 5 },
};

/** The gateway for what jobs measured. */
export const measurements: Sizes = {
  small: { cpu: 10, memory: 32, memoryLimit: 64, storage: 1 },
  medium: { cpu: 20, memory: 64, memoryLimit: 128, storage: 1 },
  large: { cpu: 50, memory: 64, memoryLimit: 128, storage: 1 },
};

/** A program that only reads what another one tells. */
export const exporter: Sizes = {
  small: { cpu: 10, memory: 32, memoryLimit: 64 },
  medium: { cpu: 20, memory: 64, memoryLimit: 128 },
  large: { cpu: 50, memory: 64, memoryLimit: 128 },
};
