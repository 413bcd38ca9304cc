import type { Size } from 'cdk8s';

/** What the server's settings follow from. */
export interface PostgresSizing {
  readonly memory: Size;
  readonly storage: Size;
  readonly maxConnections: number;
  readonly timescale: boolean;
}

/** Memory for parallel queries, in MiB: a tmpfs at /dev/shm, which counts against the limit. */
export function sharedMemoryMiB(memory: Size): number {
  return Math.max(16, Math.floor(memory.toMebibytes() / 8));
}

/** Settings for a server that has the container to itself; shares are those that its manual recommends. */
export function postgresSettings(sizing: PostgresSizing): Readonly<Record<string, string>> {
  const memory = sizing.memory.toMebibytes();
  const mb = (value: number) => `${Math.max(1, Math.floor(value))}MB`;
  // The log of changes may not fill the volume that it shares with the data.
  const walMax = Math.min(2048, sizing.storage.toMebibytes() / 8);
  return {
    listen_addresses: '*',
    unix_socket_directories: '/tmp,/var/run/postgresql',
    max_connections: String(sizing.maxConnections),
    shared_buffers: mb(memory / 4),
    effective_cache_size: mb(memory * 0.6),
    maintenance_work_mem: mb(Math.min(1024, memory / 16)),
    work_mem: mb(memory / 4 / sizing.maxConnections),
    max_wal_size: mb(Math.max(64, walMax)),
    min_wal_size: mb(Math.max(32, walMax / 4)),
    wal_compression: 'on',
    // Volumes are solid state: a random page costs little more than the next one.
    random_page_cost: '1.1',
    password_encryption: 'scram-sha-256',
    log_min_duration_statement: '1000',
    log_lock_waits: 'on',
    ...(sizing.timescale && { shared_preload_libraries: 'timescaledb', 'timescaledb.telemetry_level': 'off' }),
  };
}
