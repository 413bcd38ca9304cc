import { describe, expect, it } from '@jest/globals';
import { componentOf, componentRows } from '../../../local/commands/status.ts';

describe('componentOf', () => {
  it.each([
    ['redis-0', 'redis'],
    ['orchestrator-5c9d8f7b6d-x7k2p', 'orchestrator'],
    ['mcp-git-0', 'mcp-git'],
    ['kube-apiserver-keelson', 'kube-apiserver'],
    ['metrics-server-7d4f5b8c99-qqqqq', 'metrics-server'],
  ])('%s is of %s', (pod, component) => expect(componentOf(pod)).toBe(component));
});

it('counts ready pods by component and tells why others are not', () => {
  const pod = (name: string, ready: boolean, reason = '') => ({ namespace: 'rag', name, ready, reason });
  const pods = [
    pod('redis-0', true),
    pod('api-5c9d8f7b6d-aaaaa', true),
    pod('api-5c9d8f7b6d-bbbbb', false, 'ErrImagePull'),
  ];
  expect(componentRows(pods)).toEqual([
    ['rag', 'api', '1/2', 'ErrImagePull'],
    ['rag', 'redis', '1/1', ''],
  ]);
});
