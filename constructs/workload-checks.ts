import type { Port } from './ports.ts';
import type { Problem } from './problem.ts';
import type { WorkloadProps } from './workload-props.ts';

/** What a workload's properties get wrong in a way that types cannot say. */
export function checkWorkload(props: WorkloadProps): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) => problems.push({ path, value, cure });

  if (!/^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/.test(props.name)) {
    add('name', props.name, 'use at most 52 lower-case letters, digits and hyphens, beginning with a letter');
  }
  const replicas = props.replicas ?? 1;
  if (!Number.isInteger(replicas) || replicas < 0) add('replicas', replicas, 'use a whole number, 0 or more');
  if (props.kind === 'Deployment' && (props.claims ?? []).length > 0) {
    add(
      'claims',
      props.claims?.map((claim) => claim.name),
      "only kind 'StatefulSet' has a claim per replica",
    );
  }
  if (/:latest$|^[^:@]+$/.test(props.image.reference.replace(/^[^/]*:\d+\//, ''))) {
    add('image', props.image.reference, 'name a version or a digest');
  }
  const { memory } = props.resources;
  if (memory.request.toKibibytes({}) > memory.limit.toKibibytes({})) {
    add(
      'resources.memory.request',
      memory.request.asString(),
      `lower it to the limit, ${memory.limit.asString()}, or raise that`,
    );
  }
  const seen = new Map<string, string>();
  for (const [name, port] of Object.entries<Port>(props.ports)) {
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
