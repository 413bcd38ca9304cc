import { describe, expect, it } from '@jest/globals';
import { resourceRequests } from '../../../policies/rules/resource-requests.ts';
import { broken, container, goodDeployment, pod } from '../support.ts';

describe('resourceRequests', () => {
  it('is content with requests and a memory limit; a CPU limit is not asked for', () => {
    expect(resourceRequests.check(goodDeployment)).toEqual([]);
  });

  it.each(['requests.cpu', 'requests.memory', 'limits.memory'])('misses %s', (field) => {
    const found = resourceRequests.check(broken(goodDeployment, `${container}.resources.${field}`, undefined));
    expect(found.map(({ path }) => path)).toEqual([`${pod}.containers[api].resources.${field}`]);
  });

  it('misses all three in an init container without resources', () => {
    expect(resourceRequests.check(broken(goodDeployment, `${pod}.initContainers`, [{ name: 'init' }]))).toHaveLength(3);
  });
});
