import { createHash } from 'node:crypto';
import { Size } from 'cdk8s';
import { ConfigMap, EmptyDirMedium, Volume, type VolumeMount } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { WiringError } from './problem.ts';
import { asConfigMap, asSecret } from './strict.ts';
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
      this.#mount(Volume.fromSecret(this, name, asSecret(folder.credentials.secret), options), folder.path, true);
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

  /** Mounts of an init container: volume name to path. */
  select(mounts: Readonly<Record<string, string>>): VolumeMount[] {
    return Object.entries(mounts).map(([name, path]) => {
      const volume = this.#shareable.get(name);
      if (!volume) {
        throw new WiringError(this.node.path, {
          path: `init.mounts.${name}`,
          value: path,
          cure: `name one of ${[...this.#shareable.keys()].join(', ')}`,
        });
      }
      return { volume, path };
    });
  }

  #mount(volume: Volume, path: string, readOnly = false): void {
    this.all.push(volume);
    this.mounts.push({ volume, path, ...(readOnly && { readOnly }) });
  }
}
