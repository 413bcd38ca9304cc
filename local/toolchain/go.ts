import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { moduleFolder } from './catalogue.ts';

/**
 * Modules that Go's checksum database does not serve in closed networks. The go.sum files pin their content all the same.
 */
const outsideChecksumDatabase = [
  'github.com/cloudnativelabs',
  'github.com/rancher',
  'sigs.k8s.io/metrics-server',
  'sigs.k8s.io/kwok',
];

/** What the go command runs with; a person's own flags would change what is built. */
export const goEnvironment = {
  CGO_ENABLED: '0',
  // Collects garbage less often: 15 % of the time for memory that a machine with a cluster on it has.
  GOGC: '400',
  GOFLAGS: '-mod=readonly',
  GOWORK: 'off',
  GONOSUMDB: outsideChecksumDatabase.join(','),
} as const;

/** `go1.26.8` -> `[1, 26, 8]`; a release candidate counts as its release. */
export function parseGoVersion(text: string): readonly [number, number, number] | undefined {
  const match = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/** The version that a go.mod asks for, for example `1.26.0`. */
export function requiredGo(goMod: string): string | undefined {
  return /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(goMod)?.[1];
}

export function atLeast(found: readonly number[], wanted: readonly number[]): boolean {
  for (const [index, part] of wanted.entries()) {
    const own = found[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

function goFailure(value: string, wanted: string): Failure {
  return new Failure({
    path: 'go',
    value,
    cure: `Install Go ${wanted} or newer from your distribution or registry mirror and put its bin folder on PATH`,
    exitCode: exitCodes.environment,
  });
}

/**
 * Version of the Go that builds the toolchain, as `go1.26.8`. Asked inside a module, so that a go command which fetches the
 * release that go.mod names has done so and tells that one.
 *
 * @throws Failure when there is none, or when it is too old.
 */
export async function goVersion(module = 'kube', env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = moduleFolder(module);
  const wanted = requiredGo(readFileSync(path.join(folder, 'go.mod'), 'utf8')) ?? '1.26';
  const result = await execa('go', ['env', 'GOVERSION'], {
    cwd: folder,
    env: { ...env, ...goEnvironment },
    extendEnv: false,
    reject: false,
  });
  if (result.code === 'ENOENT') throw goFailure('not found on PATH', wanted);
  const version = result.stdout?.trim() ?? '';
  const found = parseGoVersion(version);
  if (result.exitCode === 0 && found !== undefined) {
    if (atLeast(found, wanted.split('.').map(Number))) return version;
    throw goFailure(`${version} is too old`, wanted);
  }
  // The go command refuses a go.mod of a newer release and says so on stderr.
  const running = /running go (\d+\.\d+[.\d]*)/.exec(result.stderr ?? '')?.[1];
  if (running !== undefined) throw goFailure(`go${running} is too old`, wanted);
  throw goFailure(`"go env GOVERSION" failed: ${(result.stderr ?? '').trim().split('\n').at(-1)}`, wanted);
}
