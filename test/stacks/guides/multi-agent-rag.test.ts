import { describeGuide } from './support/inventory.ts';

const namespace = 'multi-agent-rag';

describeGuide({
  platform: 'multi-agent-rag',
  namespaces: [namespace],
  services: [
    { namespace, name: 'orchestrator', ports: [8000] },
    { namespace, name: 'redis', ports: [6379] },
    { namespace, name: 'postgres', ports: [5432] },
    { namespace, name: 'qdrant', ports: [6333], where: 'publicImages' },
    { namespace, name: 'ollama', ports: [11434], where: 'publicImages' },
    { namespace, name: 'jan', ports: [1337], where: 'publicImages' },
    { namespace, name: 'mcp-filesystem', ports: [3001] },
    { namespace, name: 'mcp-git', ports: [3002] },
    { namespace, name: 'mcp-memory', ports: [3003] },
    { namespace, name: 'prometheus', ports: [9090] },
    { namespace, name: 'grafana', ports: [3000], where: 'publicImages' },
  ],
  pods: [
    { namespace, name: 'redis-0' },
    { namespace, name: 'postgres-0' },
  ],
});
