import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import {
  clusterScript,
  createClusterScript,
  memberScript,
  proxyConf,
  sentinelScript,
} from '../../constructs/redis-settings.ts';

const data = { name: 'redis-node', domain: 'redis-node-headless.test.svc', pods: 3 };
const sentinels = { name: 'redis-sentinel', domain: 'redis-sentinel-headless.test.svc', pods: 3 };

describe('scripts of Redis', () => {
  it.each([
    memberScript(data, sentinels.name),
    sentinelScript(data, sentinels, 2),
    clusterScript(data),
    createClusterScript(data, 1),
  ])('are shell: %#', (script) => {
    expect(() => execFileSync('sh', ['-n'], { input: script })).not.toThrow();
  });

  it('lead clients to whom a leader’s answer has three parts', () => {
    const conf = proxyConf(data);
    expect(conf).toContain("tcp-check expect rstring '^[*]3'");
    expect(conf).toContain('server-template node 3 redis-node-headless.test.svc:6379');
  });
});
