import { Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import type { PostgresProps } from './postgres-props.ts';
import { postgresSettings } from './postgres-settings.ts';
import type { PostgresSetup } from './postgres-setup.ts';
import { WiringError } from './problem.ts';
import type { Resources } from './workload-props.ts';

/** What the parts of a PostgreSQL are made of. */
export interface PostgresParts {
  /** The construct that they belong to. */
  readonly scope: Construct;
  readonly name: string;
  readonly database: string;
  readonly props: PostgresProps;
  readonly credentials: Credentials;
  /** What a job makes: what is asked for, and what other parts need. @default - there is no job */
  readonly setup: PostgresSetup | undefined;
}

/** What helpers beside the server take. */
export const modest: Resources = {
  cpu: { request: Cpu.millis(20) },
  memory: { request: Size.mebibytes(32), limit: Size.mebibytes(128) },
};

/**
 * The connections of the platform.
 *
 * @throws WiringError where there are none
 */
export function connectionsFor(parts: PostgresParts, path: string): Connections {
  const { connections } = parts.props;
  if (connections !== undefined) return connections;
  const cure = 'hand over the connections of the platform: parts of it have to reach each other';
  throw new WiringError(parts.scope.node.path, { path: 'connections', value: `none, though there is ${path}`, cure });
}

/** Settings of every server. */
export function settingsOf(parts: PostgresParts): Readonly<Record<string, string>> {
  const { resources, storage, maxConnections = 50, timescale, sharedBuffers, archive, form, settings } = parts.props;
  const replicates = form?.kind === 'statefulset' && (form.readReplicas ?? 0) > 0;
  const base = postgresSettings({
    memory: resources.memory.limit,
    storage: storage.size,
    maxConnections,
    timescale: timescale === 'extension',
  });
  return {
    ...base,
    ...(sharedBuffers && { shared_buffers: `${sharedBuffers.toMebibytes()}MB` }),
    // A replica that was away for a while finds what it missed.
    ...(replicates && { wal_keep_size: `${Math.floor(Math.min(2048, storage.size.toMebibytes() / 16))}MB` }),
    ...(archive && { archive_timeout: '300' }),
    ...(parts.setup?.extensions?.includes('pg_stat_statements') && {
      shared_preload_libraries: [base.shared_preload_libraries, 'pg_stat_statements'].filter(Boolean).join(','),
    }),
    ...settings,
  };
}

/** Where clients connect, and with what. */
export function portOf(parts: PostgresParts, facts: Readonly<Record<string, string>> = {}) {
  const timescale = parts.props.timescale === 'extension';
  return {
    number: 5432,
    scheme: 'postgresql',
    path: `/${parts.database}`,
    credentials: parts.credentials,
    facts: { TIMESERIES: timescale ? 'hypertables' : 'partitions', ...facts },
  };
}

/** Settings as arguments of the server. */
export function argumentsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Keys of the bucket of the archive. */
export function archiveKeys(
  parts: PostgresParts,
  { id, secret }: { readonly id: string; readonly secret: string },
): Credentials {
  return new Credentials(parts.scope, 'archive-credentials', { name: `${parts.name}-archive`, values: { id, secret } });
}
