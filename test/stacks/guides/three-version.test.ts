import { describeGuide } from './support/inventory.ts';

const [v2, v1, v3] = ['platform-v2-stable', 'platform-v1-exp', 'platform-v3-quarantine'];

describeGuide({
  platform: 'three-version',
  namespaces: [v2, v1, v3],
  deployments: [
    { namespace: v2, name: 'platform-v2-api', container: 'api' },
    { namespace: v1, name: 'platform-v1-api' },
    { namespace: v3, name: 'platform-v3-api' },
  ],
  services: [
    // 8000 from pod to pod, the other number from a person's machine.
    { namespace: v2, name: 'platform-v2-api', ports: [8000, 8001] },
    { namespace: v1, name: 'platform-v1-api', ports: [8000, 8002] },
    { namespace: v3, name: 'platform-v3-api', ports: [8000, 8003] },
    { namespace: v2, name: 'postgres', ports: [5432] },
    { namespace: 'platform-data', name: 'grafana', ports: [3000], where: 'publicImages' },
  ],
  pods: [{ namespace: 'platform-data', name: 'postgres-0' }],
  autoscalers: [{ namespace: v2, name: 'platform-v2-hpa', target: 'platform-v2-api', min: 2, max: 10, cpu: 70 }],
  secrets: [{ namespace: v2, name: 'platform-secrets', keys: ['primary_ai_api_key'] }],
  networkPolicies: [{ namespace: v2, name: 'v2-isolation' }],
});
