import { describe, expect, it } from '@jest/globals';
import { podSpecOf } from '../../constructs/bridge/manifest.ts';
import { environments } from '../../stacks/environments.ts';
import program from '../../stacks/index.ts';
import { type PlatformName, platforms } from '../../stacks/platforms/index.ts';
import { mockEngine, settled } from '../support/mocks.ts';
import { manifestsOf } from './guides/support/inventory.ts';

/** What a role allows, bucket by bucket: which keys it lists, reads, and writes. */
type Allowed = Readonly<Record<string, { readonly list: string; readonly read?: string; readonly write?: string }>>;

const qwen = { models: { list: 'qwen2.5-7b-instruct/*', read: 'qwen2.5-7b-instruct/*' } };
const backup = { backups: { list: 'all', read: '*', write: '*' } };
const drill = { backups: { list: 'all', read: '*' } };

/** Of the platforms that come with the repository; one of your own may be added here. */
const expected: Readonly<Partial<Record<PlatformName, Readonly<Record<string, Allowed>>>>> = {
  qratum: {
    'qratum-ml/model-server': qwen,
    'qratum-ml/vector-db': { models: { list: 'all', read: 'milvus/* restore-temp-*', write: 'milvus/*' } },
    'qratum-ml/mlflow': { models: { list: 'mlflow/*', read: 'mlflow/*', write: 'mlflow/*' } },
    'qratum-ml/backup': { ...backup, models: { list: 'all', read: 'milvus/*' } },
    'qratum-ml/backup-drill': { ...drill, models: { list: 'all', read: 'restore-temp-*', write: 'restore-temp-*' } },
  },
  'multi-agent-rag': {
    'multi-agent-rag/jan': { models: { list: 'llama-3.2-3b-instruct/*', read: 'llama-3.2-3b-instruct/*' } },
    'multi-agent-rag/backup': backup,
    'multi-agent-rag/backup-drill': drill,
  },
  'counterfactual-lab': {
    'counterfactual-lab/generator': qwen,
    'counterfactual-lab/backup': backup,
    'counterfactual-lab/backup-drill': drill,
  },
  'quantum-rerank': {},
  'three-version': { 'platform-data/backup': backup, 'platform-data/backup-drill': drill },
};

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: { readonly StringLike: { readonly 's3:prefix': readonly string[] } };
}

const arn = (name: string) => `arn:aws:mock:eu-central-1:123456789012:${name}`;

/** Says in short what a policy allows; whatever it allows beyond that shows as it is. */
function allowedBy(platform: string, statements: readonly Statement[]): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const { Effect, Action, Resource, Condition } of statements) {
    const actions = Action.join(' ');
    for (const purpose of ['models', 'backups']) {
      const bucket = arn(`${platform}-prod-${purpose}`);
      const here = Resource.filter((each) => each === bucket || each.startsWith(`${bucket}/`));
      if (here.length === 0) continue;
      const keys = here.map((each) => each.slice(bucket.length + 1)).join(' ');
      const of = found[purpose] ?? {};
      found[purpose] = of;
      if (actions === 's3:GetBucketLocation') continue;
      if (actions === 's3:ListBucket') of.list = (Condition?.StringLike['s3:prefix'] ?? ['everything']).join(' ');
      else if (actions === 's3:ListBucket s3:GetBucketLocation') of.list = 'all';
      else if (actions === 's3:GetObject') of.read = keys;
      else if (actions === 's3:PutObject s3:AbortMultipartUpload s3:DeleteObject') of.write = keys;
      else if (actions === 'kms:Decrypt' || actions === 'kms:Decrypt kms:GenerateDataKey') of[actions] = keys;
      else of[`${Effect} ${actions}`] = keys;
    }
  }
  return found;
}

/** Roles of the service accounts of a platform's own namespaces, as the program makes them. */
async function rolesOf(platform: PlatformName) {
  const config = { 'keelson:registry': 'registry.example/keelson' };
  const registered = await mockEngine({ stack: `${platform}.prod`, config });
  await program();
  await settled();
  const namespaces = platforms[platform].namespaces.map(({ name }) => name);
  const roles = registered.flatMap(({ type, name, inputs }) => {
    if (type !== 'aws:eks/podIdentityAssociation:PodIdentityAssociation') return [];
    if (!namespaces.includes(String(inputs.namespace))) return [];
    const policies = registered.filter((each) => each.type === 'aws:iam/rolePolicy:RolePolicy' && each.name === name);
    expect(policies).toHaveLength(1);
    const { Statement } = JSON.parse(String(policies[0]?.inputs.policy)) as { Statement: readonly Statement[] };
    return [[`${inputs.namespace}/${inputs.serviceAccount}`, allowedBy(platform, Statement)] as const];
  });
  expect(new Set(roles.map(([account]) => account)).size).toBe(roles.length);
  return Object.fromEntries(roles);
}

/** With the bucket's key: reading decrypts, writing makes a key for what is written. */
function withKeys(allowed: Allowed): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Object.entries(allowed).map(([purpose, of]) => {
      const actions = of.write === undefined ? 'kms:Decrypt' : 'kms:Decrypt kms:GenerateDataKey';
      return [purpose, { ...of, [actions]: '' }];
    }),
  );
}

/** Accounts whose pods name a bucket of the stack. */
function usersOf(platform: PlatformName): readonly string[] {
  const bucket = new RegExp(`${environments.prod.buckets?.prefix}-${platform}-(models|backups)`);
  return manifestsOf(platform, 'prod').flatMap((manifest) => {
    const pod = podSpecOf(manifest);
    const isUser = pod !== undefined && bucket.test(JSON.stringify(pod));
    return isUser ? [`${manifest.metadata.namespace}/${String(pod.serviceAccountName)}`] : [];
  });
}

// The keys are those of the literal above.
describe.each(Object.entries(expected) as [PlatformName, Readonly<Record<string, Allowed>>][])(
  'pods of %s in production',
  (platform, accounts) => {
    it('have the role for the buckets that they use, and no other has one', async () => {
      const wanted = Object.entries(accounts).map(([account, allowed]) => [account, withKeys(allowed)]);
      expect(await rolesOf(platform)).toEqual(Object.fromEntries(wanted));
    });

    it('use buckets only where they have a role', () => {
      expect(new Set(usersOf(platform))).toEqual(new Set(Object.keys(accounts)));
    });
  },
);
