import { describe, expect, it } from '@jest/globals';
import { accountTokens } from '../../../policies/rules/account-tokens.ts';
import { hiddenSecrets } from '../../../policies/rules/hidden-secrets.ts';
import { broken, container, goodDeployment, pod } from '../support.ts';

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } };

describe('hiddenSecrets', () => {
  it('is content with references, file names and plain settings', () => {
    expect(hiddenSecrets.check(goodDeployment)).toEqual([]);
    expect(hiddenSecrets.check({ ...configMap, data: { 'redis.conf': 'maxmemory 64mb' } })).toEqual([]);
  });

  it.each(['REDIS_PASSWORD', 'API_KEY', 'OPENAI_APIKEY', 'HF_TOKEN', 'clientSecret', 'AWS_SECRET_ACCESS_KEY'])(
    'finds a literal %s, and does not show it',
    (name) => {
      const found = hiddenSecrets.check(broken(goodDeployment, `${container}.env`, [{ name, value: 'hunter2' }]));
      expect(found.map(({ path }) => path)).toEqual([`${pod}.containers[api].env.${name}`]);
      expect(JSON.stringify(found)).not.toContain('hunter2');
    },
  );

  it.each(['POSTGRES_PASSWORD_FILE', 'API_TOKENS_DIR', 'MAX_BATCH_TOKENS', 'TOKENIZER'])('lets %s be', (name) => {
    expect(hiddenSecrets.check(broken(goodDeployment, `${container}.env`, [{ name, value: 'x' }]))).toEqual([]);
  });

  it.each([
    ['a URL with a password', 'postgresql://app:hunter2@db:5432/app'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE'],
    ['an access key', 'AKIAABCDEFGHIJKLMNOP'],
  ])('finds %s in variables, arguments and config maps', (_name, value) => {
    expect(hiddenSecrets.check(broken(goodDeployment, `${container}.env`, [{ name: 'A', value }]))).toHaveLength(1);
    expect(hiddenSecrets.check(broken(goodDeployment, `${container}.args`, ['--x', value]))).toHaveLength(1);
    expect(hiddenSecrets.check(broken(goodDeployment, `${container}.command`, [value]))).toHaveLength(1);
    expect(hiddenSecrets.check({ ...configMap, data: { file: `url = ${value}` } }).map(({ path }) => path)).toEqual([
      'data.file',
    ]);
  });

  it('lets a URL refer to a variable that the kubelet fills in', () => {
    const url = { name: 'URL', value: 'postgresql://app:$(PASSWORD)@db:5432/app' };
    expect(hiddenSecrets.check(broken(goodDeployment, `${container}.env`, [url]))).toEqual([]);
  });
});

describe('accountTokens', () => {
  it('is content with pods without a token, and with objects without pods', () => {
    expect(accountTokens.check(goodDeployment)).toEqual([]);
    expect(accountTokens.check(configMap)).toEqual([]);
  });

  it.each([true, undefined])('finds automountServiceAccountToken = %j', (value) => {
    const found = accountTokens.check(broken(goodDeployment, `${pod}.automountServiceAccountToken`, value));
    expect(found.map(({ path }) => path)).toEqual([`${pod}.automountServiceAccountToken`]);
  });
});
