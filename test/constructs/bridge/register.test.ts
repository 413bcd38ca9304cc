import { beforeEach, describe, expect, it } from '@jest/globals';
import { Provider } from '@pulumi/kubernetes/provider.js';
import { output, secret } from '@pulumi/pulumi';
import { ApiObject, App, Chart } from 'cdk8s';
import { plan } from '../../../constructs/bridge/plan.ts';
import { register } from '../../../constructs/bridge/register.ts';
import { Tokens } from '../../../constructs/bridge/tokens.ts';
import { isSecretInput, mockEngine, type Registered, settled } from '../../support/mocks.ts';

let registered: readonly Registered[] = [];

function byName(name: string): Registered {
  const found = registered.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`nothing named ${name} among ${registered.map((each) => each.name)}`);
  return found;
}

/** A database with its password and settings, and a scaler, which is a custom resource. */
function example(password: string): App {
  const app = new App();
  const chart = new Chart(app, 'data');
  const metadata = (name: string) => ({ name, namespace: 'ns' });
  new ApiObject(chart, 'secret', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata('password'),
    stringData: { password },
  });
  new ApiObject(chart, 'db', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata('db'),
    spec: {
      template: {
        spec: { containers: [{ name: 'db' }], volumes: [{ name: 'p', secret: { secretName: 'password' } }] },
      },
    },
  });
  new ApiObject(chart, 'scaler', {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: metadata('db'),
    spec: { scaleTargetRef: { kind: 'StatefulSet', apiVersion: 'apps/v1', name: 'db' } },
    unusual: { field: true },
  });
  return app;
}

describe.each([{ preview: false }, { preview: true }])('register, %o', ({ preview }) => {
  beforeEach(async () => {
    registered = await mockEngine({ preview });
  });

  it('uses the typed class of each kind, and passes every field of a custom resource on', async () => {
    const tokens = new Tokens();
    const resources = await register(plan(example('literal')), { tokens });
    await settled();
    expect([...resources.keys()]).toEqual(['secret/ns/password', 'statefulset/ns/db', 'scaledobject.keda.sh/ns/db']);
    expect(byName('statefulset/ns/db').type).toBe('kubernetes:apps/v1:StatefulSet');
    expect(byName('scaledobject.keda.sh/ns/db')).toMatchObject({
      type: 'kubernetes:keda.sh/v1alpha1:ScaledObject',
      inputs: { kind: 'ScaledObject', unusual: { field: true } },
    });
  });

  it('puts the objects of a chart under one component, which carries no arguments', async () => {
    await register(plan(example('literal')), { tokens: new Tokens() });
    await settled();
    const component = registered.find(({ type }) => type === 'keelson:kubernetes:Chart');
    expect(component).toMatchObject({ name: 'data', inputs: {} });
    expect(byName('statefulset/ns/db').parent).toContain('keelson:kubernetes:Chart::data');
  });

  it('hands over what each object waits for', async () => {
    await register(plan(example('literal')), { tokens: new Tokens() });
    await settled();
    expect(byName('secret/ns/password').dependencies).toEqual([]);
    expect(byName('statefulset/ns/db').dependencies).toEqual([expect.stringContaining('::secret/ns/password')]);
    expect(byName('scaledobject.keda.sh/ns/db').dependencies).toEqual([expect.stringContaining('::statefulset/ns/db')]);
  });

  it('keeps the values of Secrets secret, whether literal or Output', async () => {
    const tokens = new Tokens();
    await register(plan(example(tokens.token(secret('hunter2')))), { tokens });
    await settled();
    expect(isSecretInput(byName('secret/ns/password').inputs.stringData)).toBe(true);
    registered = await mockEngine({ preview });
    await register(plan(example('literal')), { tokens: new Tokens() });
    await settled();
    expect(isSecretInput(byName('secret/ns/password').inputs.stringData)).toBe(true);
  });

  it('protects what holds data, and only that, when told to', async () => {
    await register(plan(example('literal')), { tokens: new Tokens(), protectStateful: true });
    await settled();
    expect(registered.filter(({ protect }) => protect).map(({ name }) => name)).toEqual(['statefulset/ns/db']);
    registered = await mockEngine({ preview });
    await register(plan(example('literal')), { tokens: new Tokens() });
    await settled();
    expect(registered.filter(({ protect }) => protect)).toEqual([]);
  });

  it('registers with the given cluster', async () => {
    const provider = new Provider('cluster');
    await register(plan(example('literal')), { tokens: new Tokens(), provider });
    await settled();
    expect(byName('statefulset/ns/db').provider).toContain('pulumi:providers:kubernetes::cluster::');
  });

  it('refuses a token that it cannot put back, naming the resource', async () => {
    const foreign = new Tokens().token(output('x'));
    await expect(register(plan(example(foreign)), { tokens: new Tokens() })).rejects.toThrow(
      '[secret/ns/password] stringData.password',
    );
    await settled();
  });
});

describe('register in a preview', () => {
  it('leaves values that are not known yet open', async () => {
    registered = await mockEngine({ preview: true });
    const tokens = new Tokens();
    const unknown = new Provider('other').id;
    const app = new App();
    new ApiObject(new Chart(app, 'chart'), 'map', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { id: `cluster ${tokens.token(unknown)}`, known: 'x' },
    });
    await register(plan(app), { tokens });
    await settled();
    expect(byName('configmap/settings').inputs.data).toMatchObject({ id: { __pulumiUnknown: true }, known: 'x' });
  });
});
