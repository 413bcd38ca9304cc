import { describeGuide } from './support/inventory.ts';

const namespace = 'qratum-ml';

describeGuide({
  platform: 'qratum',
  namespaces: [namespace],
  deployments: [{ namespace, name: 'model-server' }],
  pods: [{ namespace, name: 'vector-db-0' }],
  services: [
    { namespace, name: 'model-server', ports: [8080] },
    { namespace, name: 'orchestrator', ports: [8000] },
    { namespace, name: 'vector-db', ports: [19530] },
    { namespace, name: 'mlflow', ports: [5000] },
  ],
  autoscalers: [{ namespace, name: 'model-server', target: 'model-server', min: 2, max: 10, cpu: 70 }],
  secrets: [{ namespace, name: 'model-server-secret', keys: ['auth-token'] }],
  networkPolicies: [{ namespace, name: 'model-server-policy' }],
  labels: [
    { namespace, name: 'model-server' },
    { namespace, name: 'orchestrator' },
  ],
  alerts: [{ has: ['http_requests_total', '0.05'], for: '300s' }],
});
