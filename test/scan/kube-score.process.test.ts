import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { createProgress } from '../../local/progress.ts';
import { render, toYaml } from '../../local/synth/render.ts';
import { catalogue } from '../../local/toolchain/catalogue.ts';
import { ensureTools } from '../../local/toolchain/index.ts';
import { type ScanException, scanExceptions } from '../../policies/scan-exceptions.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';

/** The parts of kube-score's JSON that are read. */
interface ScoredObject {
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string; readonly namespace?: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

type Finding = Omit<ScanException, 'reason'> & { readonly text: string };

/** Grades of kube-score: 1 is critical, 5 a warning, 7 almost fine, 10 fine. */
const warning = 5;

const stacks = Object.values(platforms).map((platform) => ({ stack: `${platform.name}.prod`, platform }));
let program = '';
let folder = '';

async function score(file: string): Promise<readonly ScoredObject[]> {
  const version = catalogue.kube.version.split('.').slice(0, 2).join('.');
  const args = ['score', '--all-default-optional', '--kubernetes-version', version, '--output-format', 'json', file];
  // It ends with 1 when it finds something, and says what in the same way.
  const { stdout } = await execa(program, args, { reject: false });
  return JSON.parse(stdout) as readonly ScoredObject[];
}

function findings(stack: string, objects: readonly ScoredObject[]): readonly Finding[] {
  return objects.flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade <= warning)
      .map(({ check, comments }) => ({
        check: check.id,
        stack,
        kind,
        name,
        text: (comments ?? []).map(({ path: where, summary }) => `${where} ${summary}`.trim()).join('; '),
      })),
  );
}

const isExcepted = (finding: Finding): boolean =>
  scanExceptions.some(
    ({ check, stack, kind, name }) =>
      check === finding.check && stack === finding.stack && kind === finding.kind && name === finding.name,
  );

beforeAll(
  async () => {
    const progress = createProgress(process.stderr);
    try {
      program = (await ensureTools(['kube-score'], { progress })).path('kube-score');
    } finally {
      progress.stop();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'keelson-scan-'));
  },
  20 * 60 * 1000,
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('kube-score, with every check it has', () => {
  const found = new Map<string, readonly Finding[]>();

  it.each(stacks)('finds nothing to object to in $stack', async ({ stack, platform }) => {
    const files = render({ platform, environment: environments.prod, registry: 'registry.example/keelson' });
    const file = path.join(folder, `${stack}.yaml`);
    writeFileSync(file, files.map(({ manifest }) => toYaml(manifest)).join('---\n'));
    const objects = await score(file);
    expect(objects.length).toBeGreaterThan(platform.namespaces.length * 5);
    const all = findings(stack, objects);
    found.set(stack, all);
    expect(all.filter((finding) => !isExcepted(finding))).toEqual([]);
  });

  it('notices when a pod gets more rights than it needs', async () => {
    const [{ platform }] = stacks as [(typeof stacks)[number]];
    const files = render({ platform, environment: environments.prod, registry: 'registry.example/keelson' });
    const text = files.map(({ manifest }) => toYaml(manifest)).join('---\n');
    const file = path.join(folder, 'broken.yaml');
    writeFileSync(file, text.replaceAll('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'));
    const checks = findings('broken', await score(file)).map(({ check }) => check);
    expect(checks).toContain('container-security-context-readonlyrootfilesystem');
  });

  it('is answered by ten exceptions at most, each with its reason, and each still needed', () => {
    expect(scanExceptions.length).toBeLessThanOrEqual(10);
    expect(scanExceptions.filter(({ reason }) => reason.length < 40)).toEqual([]);
    const needless = scanExceptions.filter(
      ({ check, stack, kind, name }) =>
        !(found.get(stack) ?? []).some((each) => each.check === check && each.kind === kind && each.name === name),
    );
    expect(needless).toEqual([]);
  });
});
