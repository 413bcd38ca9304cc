import { podSecurityLevel } from './exceptions.ts';
import type { Port } from './ports.ts';
import type { Problem } from './problem.ts';
import type { WorkloadProps } from './workload-props.ts';

/** What a workload's properties get wrong in a way that types cannot say. */
export function checkWorkload(props: WorkloadProps, namespace: string): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) => problems.push({ path, value, cure });

  if (!/^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/.test(props.name)) {
    add('name', props.name, 'use at most 52 lower-case letters, digits and hyphens, beginning with a letter');
  }
  const replicas = props.replicas ?? 1;
  if (!Number.isInteger(replicas) || replicas < 0) add('replicas', replicas, 'use a whole number, 0 or more');
  if (props.kind !== 'StatefulSet' && (props.claims ?? []).length > 0) {
    add(
      'claims',
      props.claims?.map((claim) => claim.name),
      "only kind 'StatefulSet' has a claim per replica",
    );
  }
  if (/:latest$|^[^:@]+$/.test(props.image.reference.replace(/^[^/]*:\d+\//, ''))) {
    add('image', props.image.reference, 'name a version or a digest');
  }
  if (props.probes === undefined && props.kind !== 'Job' && props.kind !== 'Custom') {
    add('probes', null, 'say how to tell that it can take work: only a Job has nobody to ask');
  }
  if ((props.kind === 'LeaderWorkerSet') !== (props.group !== undefined)) {
    add('group', props.group?.size ?? null, "kind 'LeaderWorkerSet' needs it, and no other kind has it");
  }
  if ((props.kind === 'Custom') !== (props.custom !== undefined)) {
    add('custom', props.custom?.kind ?? null, "kind 'Custom' needs it, and no other kind has it");
  }
  if ((props.kind === 'Job') !== (props.run !== undefined)) {
    add('run', props.run ? 'given' : null, "kind 'Job' needs it, and no other kind has it");
  }
  const { memory } = props.resources;
  if (memory.request.toKibibytes({}) > memory.limit.toKibibytes({})) {
    add(
      'resources.memory.request',
      memory.request.asString(),
      `lower it to the limit, ${memory.limit.asString()}, or raise that`,
    );
  }
  if (props.host && podSecurityLevel(namespace) !== 'privileged') {
    add(
      'host',
      props.host.folders.map(({ hostPath }) => hostPath),
      `"${namespace}" is not among the namespaces of node agents: see constructs/exceptions.ts`,
    );
  }
  for (const [device, count] of Object.entries(props.resources.devices ?? {})) {
    if (!Number.isInteger(count) || count < 1)
      add(`resources.devices.${device}`, count, 'use a whole number, 1 or more');
  }
  const seen = new Map<string, string>();
  const health: Record<string, Port> = props.healthPort === undefined ? {} : { health: { number: props.healthPort } };
  const containers = [props, ...(props.sidecars ?? []), { ports: health }];
  const ports = containers.flatMap((container) => Object.entries<Port>(container.ports ?? {}));
  const names = ports.map(([name]) => name);
  for (const name of names.filter((each, index) => names.indexOf(each) !== index)) {
    add(`sidecars.ports.${name}`, name, 'another container of the pod has a port of that name: use another name');
  }
  for (const [name, port] of ports) {
    if (!/^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name)) {
      add(`ports.${name}`, name, 'use at most 15 lower-case letters, digits and hyphens');
    }
    if (!Number.isInteger(port.number) || port.number < 1024 || port.number > 65535) {
      add(`ports.${name}.number`, port.number, 'use 1024 to 65535: the process has no right to lower ports');
    }
    const wire = `${port.number}/${port.protocol ?? 'tcp'}`;
    const other = seen.get(wire);
    if (other !== undefined) add(`ports.${name}.number`, port.number, `"${other}" has it already`);
    seen.set(wire, name);
  }
  return problems;
}
