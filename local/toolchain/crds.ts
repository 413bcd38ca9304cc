import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { goEnvironment } from './go.ts';

/** An operator whose custom resources the constructs make. */
export interface OperatorModule {
  /** Go module that carries the definitions. */
  readonly module: string;
  readonly version: string;
  /** Files inside the module; `*` stands for any name in a folder. */
  readonly files: readonly string[];
}

/** The operators, at the versions that the constructs are written for (2026-11). Their content is pinned in crds/go.sum. */
export const operatorModules: readonly OperatorModule[] = [
  {
    module: 'github.com/argoproj/argo-rollouts',
    version: 'v1.10.2',
    files: ['manifests/crds/rollout-crd.yaml', 'manifests/crds/analysis-template-crd.yaml'],
  },
  {
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.2',
    files: ['deploy/crds/cert-manager.io_certificates.yaml', 'deploy/crds/cert-manager.io_issuers.yaml'],
  },
  {
    module: 'github.com/cloudnative-pg/cloudnative-pg',
    version: 'v1.30.0',
    files: ['config/crd/bases/postgresql.cnpg.io_*.yaml'],
  },
  {
    module: 'github.com/envoyproxy/gateway',
    version: 'v1.9.1',
    files: [
      'charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml',
      'charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_clienttrafficpolicies.yaml',
    ],
  },
  {
    module: 'github.com/external-secrets/external-secrets',
    version: 'v1.3.2',
    files: [
      'config/crds/bases/external-secrets.io_externalsecrets.yaml',
      'config/crds/bases/external-secrets.io_secretstores.yaml',
    ],
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml', 'config/crd/bases/keda.sh_triggerauthentications.yaml'],
  },
  {
    module: 'github.com/traefik/traefik/v3',
    version: 'v3.7.13',
    files: ['docs/content/reference/dynamic-configuration/traefik.io_middlewares.yaml'],
  },
  {
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.6.3',
    files: [
      'config/crd/standard/gateway.networking.k8s.io_gateways.yaml',
      'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
    ],
  },
  {
    module: 'sigs.k8s.io/lws',
    version: 'v0.8.0',
    files: ['config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml'],
  },
];

const folder = path.join(import.meta.dirname, 'crds');

/** Reads go.sum: `module version` to hash. */
export function pinnedHashes(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [module, version, hash = ''] = line.split(' ');
      return [`${module} ${version}`, hash] as const;
    }),
  );
}

/** What `go mod download -json` prints for a module; an error may stand beside an archive that is there and complete. */
interface Downloaded {
  readonly Zip?: string;
  readonly Error?: string;
}

/**
 * Archive of a module in Go's cache, checked against the pinned hash. That the module itself may ask for a newer Go does not
 * matter: nothing of it is compiled.
 */
async function archiveOf({ module, version }: OperatorModule, hashes: ReadonlyMap<string, string>): Promise<string> {
  const id = `${module} ${version}`;
  const { stdout, stderr } = await execa('go', ['mod', 'download', '-json', `${module}@${version}`], {
    cwd: folder,
    env: { ...goEnvironment, GOFLAGS: '-mod=mod' },
    reject: false,
  });
  const facts = (stdout === '' ? {} : JSON.parse(stdout)) as Downloaded; // printed by go
  if (facts.Zip === undefined || !existsSync(facts.Zip)) {
    throw new Failure({
      path: id,
      value: (facts.Error ?? stderr) || 'not downloaded',
      cure: 'Make the Go module proxy reachable (GOPROXY) and run the command again',
      exitCode: exitCodes.unavailable,
    });
  }
  const found = readFileSync(facts.Zip.replace(/\.zip$/, '.ziphash'), 'utf8').trim();
  if (found === hashes.get(id)) return facts.Zip;
  throw new Failure({
    path: id,
    value: `its content has the hash ${found}, and ${path.join(folder, 'go.sum')} pins ${hashes.get(id) ?? 'none'}`,
    cure: 'Find out why before you use it',
    exitCode: exitCodes.failed,
  });
}

/**
 * The custom resource definitions of all operators, as one YAML file in the cache. They come out of the operators' own modules, so
 * the repository holds no copy that could grow old.
 *
 * @param cache - the cache's folder
 * @returns path of the file
 */
export async function ensureDefinitions(cache: string): Promise<string> {
  const sums = readFileSync(path.join(folder, 'go.sum'), 'utf8');
  const key = createHash('sha256').update(sums).update(JSON.stringify(operatorModules)).digest('hex').slice(0, 12);
  const file = path.join(cache, 'crds', `${key}.yaml`);
  if (existsSync(file)) return file;
  const hashes = pinnedHashes(sums);
  const archives = await Promise.all(
    operatorModules.map(async (operator) => ({ zip: await archiveOf(operator, hashes), files: operator.files })),
  );
  const { stdout } = await execa('go', ['run', '.'], {
    cwd: folder,
    env: { ...goEnvironment },
    input: JSON.stringify(archives),
    maxBuffer: 64 * 1024 * 1024,
  });
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, stdout);
  renameSync(draft, file);
  return file;
}
