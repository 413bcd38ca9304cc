import { describeGuide } from './support/inventory.ts';

const namespace = 'counterfactual-lab';

describeGuide({
  platform: 'counterfactual-lab',
  namespaces: [namespace],
  deployments: [{ namespace, name: 'counterfactual-lab' }],
  services: [
    { namespace, name: 'counterfactual-lab', ports: [8000] },
    { namespace, name: 'model-engine', ports: [8001] },
    { namespace, name: 'redis', ports: [6379] },
    { namespace, name: 'postgres', ports: [5432] },
    { namespace, name: 'prometheus', ports: [9090] },
    { namespace, name: 'alertmanager', ports: [9093] },
    { namespace, name: 'grafana', ports: [3000], where: 'publicImages' },
  ],
  labels: [{ namespace, name: 'counterfactual-lab' }],
  alerts: [
    { has: ['http_requests_total', '5..', '0.05'], severity: 'critical' },
    { has: ['http_request_duration_seconds_bucket', '10'], severity: 'warning' },
  ],
});
