import { Duration, Size } from 'cdk8s';
import { Cpu, type EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { AlertGroup } from './alert-rules.ts';
import { type BackupObjectives, backupAlerts } from './backup-alerts.ts';
import { checkRecurrence, cronOf, minutesBetween, type Recurrence } from './backup-schedule.ts';
import { fetchNewest, noteFailure, reportBackup, reportDrill, upload } from './backup-scripts.ts';
import { type BackupSource, type BackupStep, planSource, type SourcePlan } from './backup-sources.ts';
import type { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import type { Images } from './images.ts';
import { type Bucket, rcloneEnvironment, storePath, storePort } from './model-source.ts';
import type { Problem } from './problem.ts';
import { SharedClaim } from './shared-claim.ts';
import { type Connectable, Workload } from './workload.ts';
import type { ExistingClaim, InitContainer, Placement, Resources, Storage } from './workload-props.ts';

/** Where backups are kept: `<day>/<name>-<time>Z` below it. */
export type BackupTarget =
  | ({ readonly kind: 's3' } & Bucket)
  /** On a volume of the cluster: it bears the loss of a pod and mistakes of people, not that of the cluster. */
  | ({ readonly kind: 'claim' } & Storage);

/** How long backups are kept. The newest complete one always is. */
export type BackupRetention = { readonly last: number } | { readonly days: number };

/** Properties of {@link Backup}. */
export interface BackupProps {
  readonly images: Images;
  /** Name of the jobs and of what they measure. @default 'backup' */
  readonly name?: string;
  /** Everything of one moment: what belongs together is in one backup. */
  readonly sources: readonly BackupSource[];
  readonly schedule: Recurrence;
  readonly target: BackupTarget;
  readonly retention: BackupRetention;
  /** The newest backup is restored into servers of its own and checked. */
  readonly drill: Recurrence;
  readonly objectives: BackupObjectives;
  /** Room for one backup on the disk of the node, before it is brought to its target. */
  readonly workspace: Size;
  /**
   * Annotations of the service accounts of the two jobs, which say what each may do with buckets: a drill has no need to write.
   * @default - those of the target's role, for both
   */
  readonly accounts?: {
    readonly backup: Readonly<Record<string, string>>;
    readonly drill: Readonly<Record<string, string>>;
  };
  /** Where what was measured is left. */
  readonly metrics: Connectable<'http'>;
  readonly connections: Connections;
  /** Longest that one run may take. @default Duration.hours(2) */
  readonly timeout?: Duration;
  /** Name of a PriorityClass that exists in the cluster. @default - the cluster's default */
  readonly priorityClass?: string;
  /** @default - any node */
  readonly placement?: Placement;
}

const folder = '/work';

const moving: Resources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
};

const telling: Resources = {
  cpu: { request: Cpu.millis(20) },
  memory: { request: Size.mebibytes(16), limit: Size.mebibytes(64) },
};

/**
 * Backs up on a schedule, and proves on another one that the newest backup can be restored: into servers that live as long as the
 * drill. What was measured, and whether it was in time, shows in Prometheus.
 */
export class Backup extends Construct {
  /** The job that backs up. */
  readonly job: Workload;
  /** The job that restores and checks. */
  readonly drill: Workload;
  /** Alerts on what both measured. */
  readonly alerts: AlertGroup;
  readonly #props: BackupProps;
  readonly #name: string;
  readonly #plans: readonly SourcePlan[];
  readonly #target: { readonly path: string; readonly env: Readonly<Record<string, string | EnvValue>> };
  readonly #copies: string;
  readonly #claims: readonly ExistingClaim[];

  constructor(scope: Construct, id: string, props: BackupProps) {
    super(scope, id);
    this.#props = props;
    this.#name = props.name ?? 'backup';
    this.#plans = props.sources.map((source) => planSource(this, source, props.images));
    this.#target = this.#openTarget(props.target);
    this.#claims =
      props.target.kind === 'claim' ? [{ name: 'target', claim: `${this.#name}-target`, path: '/target' }] : [];
    this.#copies = props.sources
      .flatMap((source) => (source.kind === 'bucket' ? [`${bucketPath(source)} ${source.name}\n`] : []))
      .join('');
    this.alerts = backupAlerts(this.#name, props.objectives, Duration.minutes(minutesBetween(props.drill)));
    this.job = this.#backup();
    this.drill = this.#restore();
    for (const found of this.#problems()) this.job.report(found);
  }

  #openTarget(target: BackupTarget) {
    if (target.kind === 'claim') {
      new SharedClaim(this, 'target', { name: `${this.#name}-target`, storage: target, writers: 'one-node' });
      return { path: '/target', env: { RCLONE_CONFIG: '/tmp/rclone.conf' } };
    }
    const keys =
      target.access.kind === 'keys'
        ? new Credentials(this, 'target-credentials', {
            name: `${this.#name}-target`,
            values: { id: target.access.id, secret: target.access.secret },
          })
        : undefined;
    const references = keys && { id: keys.env('id'), secret: keys.env('secret') };
    return { path: storePath(target), env: rcloneEnvironment(target, references) };
  }

  /** The remotes of buckets that are copied, by the name of the source. */
  #remotes(): Record<string, string | EnvValue> {
    return Object.assign(
      {},
      ...this.#props.sources.map((source) => {
        if (source.kind !== 'bucket') return {};
        const { access } = source.from;
        const keys =
          access.kind === 'keys'
            ? new Credentials(this, `source-${source.name}`, {
                name: `${this.#name}-${source.name}`,
                values: { id: access.id, secret: access.secret },
              })
            : undefined;
        const references = keys && { id: keys.env('id'), secret: keys.env('secret') };
        const remote = `RCLONE_CONFIG_${remoteName(source.name).toUpperCase()}_`;
        return Object.fromEntries(
          Object.entries(rcloneEnvironment(source.from, references)).map(([key, value]) => [
            key.replace('RCLONE_CONFIG_STORE_', remote),
            value,
          ]),
        );
      }),
    ) as Record<string, string | EnvValue>; // assign types it as any
  }

  #backup(): Workload {
    const { retention, sources, images } = this.#props;
    const keep = 'last' in retention ? { KEEP_LAST: String(retention.last) } : { KEEP_DAYS: String(retention.days) };
    const dumps = this.#plans.flatMap(({ dump }, index) =>
      dump === undefined ? [] : [this.#step(`dump-${sources[index]?.name}`, dump, 'dump')],
    );
    const scripts = this.#scripts((plan) => plan.dump);
    const job = this.#job('job', this.#name, this.#props.schedule, {
      init: [
        ...dumps,
        {
          name: 'upload',
          image: images.get('rclone'),
          command: ['sh', '/scripts/upload.sh'],
          env: {
            ...this.#remotes(),
            ...this.#target.env,
            ...keep,
            TARGET: this.#target.path,
            NAME: this.#name,
            COPIES: '/scripts/copies.txt',
          },
          mounts: this.#mounts(['work', 'config-scripts', ...this.#claims.map(({ name }) => name)]),
          resources: { ...moving },
        },
      ],
      script: 'report.sh',
      files: { ...scripts, 'upload.sh': upload, 'report.sh': reportBackup, 'copies.txt': this.#copies },
      existing: [...this.#claims, ...this.#plans.flatMap(({ existing }) => existing ?? [])],
    });
    this.#reach(job, false);
    return job;
  }

  #restore(): Workload {
    const { sources, images } = this.#props;
    const checks = this.#plans.flatMap(({ check }, index) =>
      check === undefined ? [] : [this.#step(`check-${sources[index]?.name}`, check, 'check')],
    );
    const scripts = this.#scripts((plan) => plan.check);
    const job = this.#job('drill', `${this.#name}-drill`, this.#props.drill, {
      init: [
        {
          name: 'fetch',
          image: images.get('rclone'),
          command: ['sh', '/scripts/fetch.sh'],
          env: { ...this.#target.env, TARGET: this.#target.path, NAME: this.#name },
          mounts: this.#mounts(['work', 'config-scripts', ...this.#claims.map(({ name }) => name)]),
          resources: moving,
        },
        ...checks,
      ],
      script: 'report.sh',
      files: { ...scripts, 'fetch.sh': fetchNewest, 'note.sh': noteFailure, 'report.sh': reportDrill },
      existing: this.#claims,
    });
    this.#reach(job, true);
    return job;
  }

  #scripts(of: (plan: SourcePlan) => BackupStep | undefined): Record<string, string> {
    return Object.fromEntries(
      this.#plans.flatMap((plan, index) => {
        const script = of(plan)?.script;
        return script === undefined ? [] : [[`${this.#props.sources[index]?.name}.sh`, script] as const];
      }),
    );
  }

  #step(name: string, { image, args, env, resources }: BackupStep, what: 'dump' | 'check'): InitContainer {
    const source = name.slice(what.length + 1);
    const script = `/scripts/${source}.sh`;
    const files = this.#plans.find(({ existing }) => existing?.name === `source-${source}`)?.existing;
    return {
      name,
      image,
      command: ['sh', ...(what === 'check' ? ['/scripts/note.sh', script] : [script]), ...args],
      env: { HOME: '/tmp', ...env },
      mounts: this.#mounts(['work', 'config-scripts', ...(files && what === 'dump' ? [files.name] : [])]),
      resources,
    };
  }

  #mounts(names: readonly string[]): Readonly<Record<string, string>> {
    const paths: Readonly<Record<string, string>> = { work: folder, 'config-scripts': '/scripts', target: '/target' };
    return {
      tmp: '/tmp',
      ...Object.fromEntries(names.map((name) => [name, paths[name] ?? `/sources/${name.replace('source-', '')}`])),
    };
  }

  #job(id: 'job' | 'drill', name: string, recurrence: Recurrence, parts: JobParts): Workload {
    const { images, workspace, metrics, connections, timeout, priorityClass, placement, target } = this.#props;
    const role = target.kind === 's3' && target.access.kind === 'role' ? target.access : undefined;
    const account = this.#props.accounts?.[id === 'drill' ? 'drill' : 'backup'] ?? role?.accountAnnotations;
    const job = new Workload(this, id, {
      name,
      component: 'backup',
      kind: 'Job',
      run: {
        schedule: { cron: cronOf(recurrence) },
        // The next run comes soon enough, and a half-made backup is no reason to make another one at once.
        attempts: 1,
        timeout: timeout ?? Duration.hours(2),
      },
      image: images.get('curl'),
      command: ['sh', `/scripts/${parts.script}`],
      env: { NAME: this.#name, HOME: '/tmp' },
      ports: {},
      resources: telling,
      config: [{ name: 'scripts', path: '/scripts', files: parts.files }],
      scratch: [{ name: 'work', path: folder, size: workspace }],
      init: parts.init,
      ...(parts.existing.length > 0 && { existing: parts.existing }),
      ...(account && { accountAnnotations: account }),
      ...(priorityClass && { priorityClass }),
      ...(placement && { placement }),
    });
    connections.connect(job, metrics, 'http', { env: 'BACKUP_METRICS_URL', order: false });
    if (target.kind === 's3') connections.toOutside(job, target.at, storePort(target));
    return job;
  }

  /** Opens the way to what is backed up. A drill looks at copies, but for a Milvus, which restores beside itself. */
  #reach(job: Workload, drill: boolean): void {
    const { connections, sources } = this.#props;
    for (const { reaches } of this.#plans) {
      if (reaches === undefined || (drill && !reaches.drill)) continue;
      connections.connect(job, reaches.server, reaches.port, { env: false, order: false });
    }
    for (const source of sources) {
      if (source.kind === 'bucket' && !drill) connections.toOutside(job, source.from.at, storePort(source.from));
      if (source.kind === 'milvus') connections.toOutside(job, source.objects.at, storePort(source.objects));
    }
  }

  #problems(): readonly Problem[] {
    const { sources, schedule, drill, objectives, retention, target, workspace } = this.#props;
    const problems: Problem[] = [...checkRecurrence(schedule, 'schedule'), ...checkRecurrence(drill, 'drill')];
    const add = (path: string, value: unknown, cure: string) => problems.push({ path, value, cure });
    if (sources.length === 0) add('sources', [], 'name at least one thing to back up');
    const seen = new Set<string>();
    for (const { name } of sources) {
      if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
        add('sources', name, 'use at most 40 lower-case letters, digits and hyphens');
      }
      if (seen.has(name)) add('sources', name, 'name each source once');
      seen.add(name);
    }
    const [between, point] = [minutesBetween(schedule), objectives.recoveryPoint.toMinutes({ integral: false })];
    if (between > point) {
      const cure = `up to ${between} minutes are lost between two backups: back up every ${Math.floor(point)} minutes or oftener, or archive every change`;
      add('objectives.recoveryPoint', `${point} minutes`, cure);
    }
    const count = 'last' in retention ? retention.last : Math.ceil((retention.days * 1440) / between);
    if (!Number.isInteger(count) || count < 1) add('retention', retention, 'keep at least one backup');
    if (target.kind === 'claim') {
      // One more is there while the oldest has not gone yet.
      const needs = (count + 1) * workspace.toMebibytes();
      if (target.size.toMebibytes() < needs) {
        const cure = `raise it to ${needs}Mi for ${count} backups of up to ${workspace.asString()} and one being made, or keep fewer`;
        add('target.size', target.size.asString(), cure);
      }
    }
    return problems;
  }
}

interface JobParts {
  readonly init: readonly InitContainer[];
  readonly script: string;
  readonly files: Readonly<Record<string, string>>;
  readonly existing: readonly ExistingClaim[];
}

function remoteName(source: string): string {
  return `source_${source.replaceAll('-', '_')}`;
}

function bucketPath({ name, from }: Extract<BackupSource, { kind: 'bucket' }>): string {
  return storePath(from).replace(/^store:/, `${remoteName(name)}:`);
}
