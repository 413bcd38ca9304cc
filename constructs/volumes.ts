import { createHash } from 'node:crypto';
import { Size } from 'cdk8s';
import {
  ConfigMap,
  EmptyDirMedium,
  HostPathVolumeType,
  MountPropagation,
  PersistentVolumeClaim,
  Volume,
  type VolumeMount,
} from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { WiringError } from './problem.ts';
import { asConfigMap } from './strict.ts';
import type { ScratchFolder, WorkloadProps } from './workload-props.ts';

interface VolumesProps {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Record<string, string> };
  readonly workload: WorkloadProps;
}

/** Everything that a workload's pods mount: scratch folders, configuration, secrets, claims. */
export class Volumes extends Construct {
  /** Volumes of the pod. Claims are not among them: the StatefulSet's controller adds those. */
  readonly all: Volume[] = [];
  /** Mounts of the main container. */
  readonly mounts: VolumeMount[] = [];
  /** Annotations of the pods that follow the content of the configuration. */
  readonly annotations: Record<string, string> = {};
  /** The StatefulSet's claim templates. */
  readonly claimTemplates: object[] = [];
  readonly #shareable = new Map<string, Volume>();

  constructor(scope: Construct, id: string, { metadata, workload }: VolumesProps) {
    super(scope, id);
    const tmp: ScratchFolder = { name: 'tmp', path: '/tmp', size: workload.tmpSize ?? Size.mebibytes(64) };
    for (const folder of [tmp, ...(workload.scratch ?? [])]) {
      const volume = Volume.fromEmptyDir(this, folder.name, folder.name, {
        ...(folder.size && { sizeLimit: folder.size }),
        ...(folder.medium === 'memory' && { medium: EmptyDirMedium.MEMORY }),
      });
      this.#mount(volume, folder.path);
      this.#shareable.set(folder.name, volume);
    }
    const config = workload.config ?? [];
    for (const folder of config) {
      const id = `config-${folder.name}`;
      const map = new ConfigMap(this, id, {
        metadata: { ...metadata, name: `${metadata.name}-${folder.name}` },
        data: { ...folder.files },
      });
      const volume = Volume.fromConfigMap(this, `${id}-volume`, asConfigMap(map), { name: id });
      this.#mount(volume, folder.path, true);
      this.#shareable.set(id, volume);
    }
    if (config.length > 0 || workload.rolloutOn !== undefined) {
      const folders = config.map(({ path, files }) => [path, Object.entries(files).sort()]);
      const content = JSON.stringify([folders, workload.rolloutOn ?? '']);
      this.annotations['keelson/config-hash'] = createHash('sha256').update(content).digest('hex').slice(0, 16);
    }
    for (const folder of workload.secrets ?? []) {
      const name = `secret-${folder.credentials.name}`;
      const items =
        folder.items && Object.fromEntries(Object.entries(folder.items).map(([key, path]) => [key, { path }]));
      // Group-readable: the pod's group owns the volume, and nobody else has to read it.
      const options = { name, defaultMode: 0o440, ...(items && { items }) };
      const volume = Volume.fromSecret(this, name, folder.credentials.reference, options);
      this.#mount(volume, folder.path, true);
      this.#shareable.set(name, volume);
    }
    for (const folder of workload.host?.folders ?? []) {
      const volume = Volume.fromHostPath(this, folder.name, folder.name, {
        path: folder.hostPath,
        type: HostPathVolumeType.DIRECTORY,
      });
      this.all.push(volume);
      this.mounts.push({ volume, path: folder.path, readOnly: true, propagation: MountPropagation.HOST_TO_CONTAINER });
    }
    const byClaim = new Map<string, Volume>();
    for (const { name, claim, path, subPath, readOnly } of workload.existing ?? []) {
      const known = byClaim.get(claim);
      const volume =
        known ??
        Volume.fromPersistentVolumeClaim(
          this,
          name,
          PersistentVolumeClaim.fromClaimName(this, `${name}-claim`, claim),
          { name },
        );
      if (known === undefined) this.all.push(volume);
      byClaim.set(claim, volume);
      this.#shareable.set(name, volume);
      this.mounts.push({ volume, path, ...(subPath && { subPath }), ...(readOnly && { readOnly }) });
    }
    for (const claim of workload.claims ?? []) {
      // cdk8s-plus-28 mounts volumes of the pod only. The placeholder leaves the pod again before synth is over, and the
      // StatefulSet's controller puts the replica's own claim in its place.
      const volume = Volume.fromEmptyDir(this, claim.name, claim.name);
      this.#mount(volume, claim.path, false);
      this.#shareable.set(claim.name, volume);
      this.claimTemplates.push({
        metadata: { name: claim.name, labels: { app: metadata.name } },
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(claim.storageClass && { storageClassName: claim.storageClass }),
          resources: { requests: { storage: `${claim.size.toMebibytes()}Mi` } },
        },
      });
    }
  }

  /** Mounts of another container: volume name to path. `field` names the property in messages. */
  select(mounts: Readonly<Record<string, string>>, field: string): VolumeMount[] {
    return Object.entries(mounts).map(([name, path]) => {
      const volume = this.#shareable.get(name);
      if (!volume) {
        throw new WiringError(this.node.path, {
          path: `${field}.${name}`,
          value: path,
          cure: `name one of ${[...this.#shareable.keys()].join(', ')}`,
        });
      }
      // What the main container may only read, others may only read, too.
      return { volume, path, ...(/^(config|secret)-/.test(name) && { readOnly: true }) };
    });
  }

  #mount(volume: Volume, path: string, readOnly = false): void {
    this.all.push(volume);
    this.mounts.push({ volume, path, ...(readOnly && { readOnly }) });
  }
}
