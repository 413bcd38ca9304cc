import { describe, expect, it } from '@jest/globals';
import { isSecret, type Output, output, secret } from '@pulumi/pulumi';
import type { Json, Manifest } from '../../../constructs/bridge/manifest.ts';
import { Tokens } from '../../../constructs/bridge/tokens.ts';

function configMap(data: Json, metadata: { readonly [key: string]: Json } = { name: 'settings' }): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

/** The plain value and whether it is secret. */
async function settle(value: unknown): Promise<{ value: unknown; secret: boolean }> {
  const settled: Output<unknown> = output(value);
  const known = await new Promise((resolve) => settled.apply(resolve));
  return { value: known, secret: await isSecret(settled) };
}

describe('Tokens', () => {
  it('puts Outputs back, alone and within text', async () => {
    const tokens = new Tokens();
    const host = tokens.token(output('db.example'));
    const port = tokens.token(output('5432'));
    const resolved = tokens.resolve(configMap({ url: `postgresql://${host}:${port}/app`, host, plain: 'x' }), 'id');
    expect(await settle(resolved.data)).toEqual({
      value: { url: 'postgresql://db.example:5432/app', host: 'db.example', plain: 'x' },
      secret: false,
    });
  });

  it('keeps secrets secret, also within text and lists', async () => {
    const tokens = new Tokens();
    const password = tokens.token(secret('hunter2'));
    const resolved = tokens.resolve(configMap({ list: [`--password=${password}`] }), 'id');
    expect(await settle(resolved.data)).toEqual({ value: { list: ['--password=hunter2'] }, secret: true });
  });

  it('leaves manifests without tokens as they are', () => {
    const manifest = configMap({ a: 1, b: [true, null, { c: 'text' }] });
    expect(new Tokens().resolve(manifest, 'id')).toEqual(manifest);
  });

  it.each<[string, (token: string) => Manifest]>([
    ['metadata.name', (token) => configMap({}, { name: token })],
    ['metadata.namespace', (token) => configMap({}, { name: 'a', namespace: `x-${token}` })],
    ['metadata.labels.app', (token) => configMap({}, { name: 'a', labels: { app: token } })],
    ['spec.selector.app', (token) => ({ ...configMap({}), spec: { selector: { app: token } } })],
    [
      'spec.selector.matchLabels.app',
      (token) => ({ ...configMap({}), spec: { selector: { matchLabels: { app: token } } } }),
    ],
  ])('refuses a token in %s', (path, build) => {
    const tokens = new Tokens();
    const manifest = build(tokens.token(output('x')));
    expect(() => tokens.resolve(manifest, 'configmap/a')).toThrow(
      `[configmap/a] ${path} is "token of an Output": use a value that is known while planning`,
    );
  });

  it('refuses a token as a key', () => {
    const tokens = new Tokens();
    const token = tokens.token(output('x'));
    expect(() => tokens.resolve(configMap({ [token]: 'value' }), 'id')).toThrow(
      'use a key that is known while planning',
    );
  });

  it('refuses a token that went through base64, and says to use stringData', () => {
    const tokens = new Tokens();
    const encoded = Buffer.from(tokens.token(output('x'))).toString('base64');
    expect(() => tokens.resolve(configMap({ password: encoded }), 'id')).toThrow(
      'data.password is "token of an Output": an Output cannot be encoded before it is known: use stringData',
    );
  });

  it('refuses tokens that nothing stands behind, and those of another registry', () => {
    const foreign = new Tokens().token(output('x'));
    const tokens = new Tokens();
    const own = tokens.token(output('x'));
    expect(() => tokens.resolve(configMap({ a: foreign }), 'id')).toThrow('no Output belongs to this token');
    const beyond = own.replace(/_0_$/, '_7_');
    expect(() => tokens.resolve(configMap({ a: beyond }), 'id')).toThrow('no Output belongs to this token');
  });

  it.each<[string, (token: string) => string]>([
    ['lower case', (token) => token.toLowerCase()],
    ['cut off', (token) => token.slice(0, -1)],
    ['other separators', (token) => token.replaceAll('_', '-')],
  ])('refuses a token that was altered on its way: %s', (_name, alter) => {
    const tokens = new Tokens();
    const altered = alter(tokens.token(output('x')));
    expect(() => tokens.resolve(configMap({ a: altered }), 'id')).toThrow('this token was altered on its way');
  });
});
