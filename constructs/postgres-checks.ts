import type { PostgresParts } from './postgres-parts.ts';
import type { PostgresForm } from './postgres-props.ts';
import { checkSetup } from './postgres-setup.ts';
import type { Problem } from './problem.ts';

/** What the properties get wrong. */
export function checkPostgres(parts: PostgresParts, form: PostgresForm, readReplicas: number): readonly Problem[] {
  const { pooling, maxConnections = 50, sharedBuffers, resources, replicationPassword, setup } = parts.props;
  const problems: Problem[] = [];
  const report = (path: string, value: unknown, cure: string) => problems.push({ path, value, cure });
  if (!/^[a-z_][a-z0-9_]{0,30}$/.test(parts.database)) {
    const cure = 'use at most 31 lower-case letters, digits and underscores, beginning with a letter';
    report('database', parts.database, cure);
  }
  for (const role of parts.props.workRoles ?? []) {
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) {
      report('workRoles', role, 'use lower-case letters, digits and underscores, beginning with a letter');
    }
  }
  if (form.kind === 'cloudnativepg' && (parts.props.workRoles ?? []).length > 0) {
    report('workRoles', parts.props.workRoles, 'the operator makes none: leave them out, or use a StatefulSet');
  }
  problems.push(...(setup ? checkSetup(setup, parts.database) : []));
  if (form.kind === 'cloudnativepg' && (!Number.isInteger(form.instances) || form.instances < 1)) {
    report('form.instances', form.instances, 'use a whole number, 1 or more');
  }
  if (readReplicas > 0 && replicationPassword === undefined) {
    report('replicationPassword', null, 'give the password with which replicas follow');
  }
  if (sharedBuffers && sharedBuffers.toMebibytes() > resources.memory.limit.toMebibytes() * 0.4) {
    const most = Math.floor(resources.memory.limit.toMebibytes() * 0.4);
    report(
      'sharedBuffers',
      sharedBuffers.asString(),
      `lower it to ${most}Mi, 40 % of the memory limit: queries need the rest`,
    );
  }
  if (pooling) {
    const pods = pooling.replicas ?? 2;
    const pairs = 1 + (setup?.roles ?? []).length;
    const most = Math.floor((maxConnections - 5) / pods / pairs);
    if (pooling.size > most) {
      const cure = `lower it to ${most}: ${pods} pods with a pool for each of ${pairs} roles share ${maxConnections} connections, of which 5 are for operations`;
      report('pooling.size', pooling.size, cure);
    }
  }
  return problems;
}
