import { describe, expect, it } from '@jest/globals';
import { Credentials } from '../../constructs/index.ts';
import { anotherNamespace, bench, object } from '../support/manifests.ts';

describe('Credentials', () => {
  const props = { name: 'db', values: { password: 'Token_1' }, forClients: { PASSWORD: 'password' } };

  it('are one Secret in the namespace, with the values as they came', () => {
    const on = bench();
    new Credentials(on.namespace, 'credentials', props);
    expect(object(on.synth(), 'Secret', 'db')).toMatchObject({
      metadata: { namespace: 'test' },
      stringData: { password: 'Token_1' },
    });
  });

  it('refer to a key without holding its value', () => {
    const on = bench();
    const value = new Credentials(on.namespace, 'credentials', props).env('password');
    expect(JSON.stringify(value)).toContain('"key":"password"');
    expect(JSON.stringify(value)).not.toContain('Token_1');
  });

  it('go to another namespace as a copy that hands over the same', () => {
    const on = bench();
    const credentials = new Credentials(on.namespace, 'credentials', props);
    const copy = credentials.copyTo(anotherNamespace(on.chart, 'two'), 'copy');
    expect(copy.forClients).toEqual(credentials.forClients);
    expect(object(on.synth(), 'Secret', 'db', 'two').stringData).toEqual(props.values);
  });
});
