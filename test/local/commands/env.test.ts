import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { exportLines, quote } from '../../../local/commands/env.ts';
import { previewVariables } from '../../../local/commands/preview.ts';

describe('exportLines', () => {
  it('survives a shell, whatever is in a value', () => {
    const value = `it's "so" $HOME \`x\` \\ ; & é`;
    const output = execFileSync('sh', ['-c', `eval "$1"; printf %s "$ODD"`, 'sh', exportLines({ ODD: value })]);
    expect(output.toString()).toBe(value);
  });

  it('removes a passphrase that would win over the file', () => {
    const script = `export PULUMI_CONFIG_PASSPHRASE=own; eval "$1"; printf %s "\${PULUMI_CONFIG_PASSPHRASE-unset}"`;
    expect(execFileSync('sh', ['-c', script, 'sh', exportLines({})]).toString()).toBe('unset');
  });

  it('leaves plain values plain', () => expect(quote('/a/b:c')).toBe('/a/b:c'));
});

describe('previewVariables', () => {
  const own = {
    PULUMI_BACKEND_URL: 'file:///state',
    PULUMI_STACK: 's',
    PULUMI_CONFIG_PASSPHRASE_FILE: '/p',
    KUBECONFIG: '/k',
  };

  it("keeps a local stack in this machine's backend", () => {
    const variables = previewVariables('x.local', own, {
      PULUMI_BACKEND_URL: 's3://team',
      PULUMI_CONFIG_PASSPHRASE: 'p',
    });
    expect(variables).toMatchObject({ PULUMI_BACKEND_URL: 'file:///state', PULUMI_CONFIG_PASSPHRASE: undefined });
    expect('PULUMI_CONFIG_PASSPHRASE' in variables).toBe(true);
  });

  it("respects the team's backend for every other stack", () => {
    expect(previewVariables('x.prod', own, { PULUMI_BACKEND_URL: 's3://team', KUBECONFIG: '/team' })).toMatchObject({
      PULUMI_BACKEND_URL: 's3://team',
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      KUBECONFIG: '/team',
    });
    expect(previewVariables('x.prod', own, {}).PULUMI_BACKEND_URL).toBe('file:///state');
  });
});
