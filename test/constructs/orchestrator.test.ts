import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import {
  allMiniLmL6V2,
  Cpu,
  Credentials,
  Duration,
  Orchestrator,
  type OrchestratorProps,
} from '../../constructs/index.ts';
import { parseObjectives } from '../../services/orchestrator/src/production/objectives.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';
import { ragPlatform } from '../support/rag-platform.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

const embedding = { model: allMiniLmL6V2, collection: { name: 'passages', dimension: 384 } };

function orchestrator(more: Partial<OrchestratorProps> = {}) {
  const on = bench();
  const made = new Orchestrator(on.namespace, 'orchestrator', {
    images: on.images,
    resources: small,
    features: ['rag'],
    tokens: { cli: 'Geheim1' },
    embedding,
    ...more,
  });
  for (const variable of ['REDIS_URL', 'POSTGRES_URL', 'MILVUS_URL', 'INFERENCE_URL'])
    made.workload.setEnv(variable, 'http://x');
  return { ...on, made };
}

describe('Orchestrator', () => {
  it('gets every address and credential by its connections', () => {
    expect(envOf(ragPlatform().synth(), 'orchestrator')).toEqual({
      PORT: '8000',
      HEALTH_PORT: '8081',
      LOG_LEVEL: 'info',
      FEATURES: 'gateway,rag',
      API_TOKENS_DIR: '/etc/orchestrator/tokens',
      PROVIDERS_FILE: '/etc/orchestrator/config/providers.json',
      WRITE_AHEAD_DIR: '/var/lib/orchestrator',
      SHUTDOWN_GRACE_SECONDS: '20',
      EMBEDDING_MODEL: 'all-minilm-l6-v2',
      EMBEDDING_DIMENSION: '384',
      REDIS_URL: 'redis://redis:6379',
      REDIS_PASSWORD: 'redis/password',
      POSTGRES_URL: 'postgresql://postgres:5432/keelson',
      POSTGRES_USER: 'postgres/user',
      POSTGRES_PASSWORD: 'postgres/password',
      POSTGRES_TIMESERIES: 'partitions',
      MILVUS_URL: 'http://milvus:19530',
      INFERENCE_URL: 'http://inference:8080',
      MCP_FILESYSTEM_URL: 'http://mcp-filesystem:3001/mcp',
      MCP_GIT_URL: 'http://mcp-git:3002/mcp',
      MCP_MEMORY_URL: 'http://mcp-memory:3003/mcp',
    });
  });

  it('mounts a token per caller, which stand in no other object', () => {
    const manifests = orchestrator().synth();
    expect(object(manifests, 'Secret', 'orchestrator-tokens').stringData).toEqual({ cli: 'Geheim1' });
    expect(manifests.filter((manifest) => JSON.stringify(manifest).includes('Geheim1'))).toHaveLength(1);
    expect(objectsAt(containerOf(manifests, 'orchestrator'), 'volumeMounts')).toContainEqual({
      name: 'secret-orchestrator-tokens',
      mountPath: '/etc/orchestrator/tokens',
      readOnly: true,
    });
  });

  it('has a folder for calls of the last moment, in memory, that outlives the container', () => {
    const manifests = orchestrator({ workers: 2 }).synth();
    const mounts = objectsAt(containerOf(manifests, 'orchestrator'), 'volumeMounts');
    const mount = mounts.find(({ mountPath }) => mountPath === envOf(manifests, 'orchestrator').WRITE_AHEAD_DIR);
    expect(objectsAt(podOf(manifests, 'orchestrator'), 'volumes')).toContainEqual({
      name: mount?.name,
      emptyDir: { medium: 'Memory', sizeLimit: '64Mi' },
    });
  });

  it('calls its Secrets, their keys and its ConfigMap what procedures call them', () => {
    const on = bench();
    new Orchestrator(on.namespace, 'api', {
      images: on.images,
      resources: small,
      name: 'api',
      features: ['gateway'],
      tokens: { 'api-key': 'Token_1' },
      secretNames: { tokens: 'api-secrets', keys: 'platform-secrets' },
      providers: {
        connections: on.connections,
        list: [
          {
            name: 'primary',
            baseUrl: 'http://primary:8000/v1',
            tier: 4,
            models: ['m'],
            apiKey: 'Key_1',
            apiKeyName: 'primary_key',
          },
        ],
      },
    });
    const manifests = on.synth();
    expect(object(manifests, 'Secret', 'api-secrets').stringData).toEqual({ 'api-key': 'Token_1' });
    expect(object(manifests, 'Secret', 'platform-secrets').stringData).toEqual({ primary_key: 'Key_1' });
    const file = String(at(object(manifests, 'ConfigMap', 'api-config'), 'data', 'providers.json'));
    expect(JSON.parse(file)).toMatchObject([{ apiKeyFile: '/etc/orchestrator/keys/primary_key' }]);
  });

  it('reads the key of a vector database from a file', () => {
    const on = orchestrator();
    const credentials = new Credentials(on.namespace, 'vectors', { name: 'qdrant', values: { 'api-key': 'Key_1' } });
    const { namespace, images } = on;
    new Orchestrator(namespace, 'other', {
      images,
      name: 'other',
      resources: small,
      features: ['gateway'],
      tokens: { cli: 'x' },
      vectorKey: { credentials, key: 'api-key' },
    });
    const manifests = on.synth();
    expect(envOf(manifests, 'other').QDRANT_API_KEY_FILE).toBe('/etc/orchestrator/vectors/api-key');
    expect(objectsAt(containerOf(manifests, 'other'), 'volumeMounts')).toContainEqual({
      name: 'secret-qdrant',
      mountPath: '/etc/orchestrator/vectors',
      readOnly: true,
    });
    expect(envOf(manifests, 'orchestrator').QDRANT_API_KEY_FILE).toBeUndefined();
  });

  it('is asked for its health where no other request waits, and by nobody but the kubelet', () => {
    const { made, synth } = orchestrator();
    const manifests = synth();
    const container = containerOf(manifests, 'orchestrator');
    expect(objectsAt(container, 'ports')).toContainEqual({ containerPort: 8081, name: 'health', protocol: 'TCP' });
    for (const probe of ['liveness', 'readiness']) {
      expect(at(container, `${probe}Probe`, 'httpGet')).toMatchObject({ port: 8081 });
    }
    expect(at(container, 'startupProbe', 'httpGet')).toMatchObject({ path: '/health/startup', port: 8000 });
    expect(objectsAt(object(manifests, 'Service', 'orchestrator'), 'spec', 'ports').map(({ port }) => port)).toEqual([
      8000,
    ]);
    expect(JSON.stringify(object(manifests, 'NetworkPolicy', 'orchestrator'))).not.toContain('8081');
    expect(Object.keys(made.workload.ports)).toEqual(['http']);
  });

  it('takes its policy from a file that rolls the pods out anew', () => {
    const policy = { tiers: { standard: { budget: { daily: 10 } } } } as const;
    const manifests = orchestrator({ policy }).synth();
    expect(envOf(manifests, 'orchestrator').POLICY_FILE).toBe('/etc/orchestrator/config/policy.json');
    const file = String(at(object(manifests, 'ConfigMap', 'orchestrator-config'), 'data', 'policy.json'));
    expect(JSON.parse(file)).toEqual(policy);
    expect(objectsAt(containerOf(manifests, 'orchestrator'), 'volumeMounts')).toContainEqual({
      name: 'config-config',
      mountPath: '/etc/orchestrator/config',
      readOnly: true,
    });
    const sums = (daily: number) => {
      const changed = orchestrator({ policy: { tiers: { standard: { budget: { daily } } } } }).synth();
      return at(object(changed, 'Deployment', 'orchestrator'), 'spec', 'template', 'metadata', 'annotations');
    };
    expect(sums(10)).toEqual(
      at(object(manifests, 'Deployment', 'orchestrator'), 'spec', 'template', 'metadata', 'annotations'),
    );
    expect(sums(11)).not.toEqual(sums(10));
    const without = orchestrator().synth();
    expect(envOf(without, 'orchestrator').POLICY_FILE).toBeUndefined();
  });

  it('tells the service what endpoints promise', () => {
    const objectives = { '/v1/rerank': { p95: Duration.millis(150), errorRate: 0.02 } };
    const text = envOf(orchestrator({ objectives }).synth(), 'orchestrator').SLO_OBJECTIVES;
    expect(parseObjectives(text)).toMatchObject({
      objectives: { '/v1/rerank': { p95Ms: 150, errorRate: 0.02 } },
      problems: [],
    });
  });

  it('is given more time than its own grace before it is killed', () => {
    const pod = podOf(orchestrator({ shutdownGrace: Duration.seconds(60) }).synth(), 'orchestrator');
    expect(pod.terminationGracePeriodSeconds).toBe(75);
  });

  it.each<[string, Partial<OrchestratorProps>, RegExp]>([
    [
      'a tier that there is not',
      { policy: { identities: { cli: { tier: 'gold' } } } },
      /policy\.identities\.cli\.tier is "gold": use one of standard, premium, enterprise, or add it to tiers/,
    ],
    [
      'a promise for no route',
      { objectives: { rerank: { p95: Duration.seconds(1), errorRate: 0.1 } } },
      /objectives is "rerank": write the pattern of a route/,
    ],
    [
      'a promise that cannot be kept or broken',
      { objectives: { '/v1/rerank': { p95: Duration.seconds(1), errorRate: 0 } } },
      /objectives\["\/v1\/rerank"\]\.errorRate is 0: use a share above 0/,
    ],
    [
      'a collection of another dimension',
      { embedding: { ...embedding, collection: { name: 'passages', dimension: 768 } } },
      /collections\.passages\.dimension is 768: "all-minilm-l6-v2" makes vectors of 384/,
    ],
    ['no feature', { features: [] }, /features is \[\]: switch on at least one of gateway, rag/],
    ['no caller', { tokens: {} }, /tokens is \{\}: name at least one caller/],
    ['a caller that is no file name', { tokens: { 'a/b': 'x' } }, /tokens\.a\/b is "a\/b": use lower-case/],
  ])('refuses %s', (_, more, message) => {
    expect(synthError(orchestrator(more).synth)).toMatch(message);
  });

  it('hands over its providers, their keys as files, and the way to those outside', () => {
    const on = bench();
    new Orchestrator(on.namespace, 'orchestrator', {
      images: on.images,
      resources: small,
      features: ['gateway'],
      tokens: { cli: 'x' },
      providers: {
        connections: on.connections,
        list: [
          { name: 'ollama', baseUrl: 'http://ollama:11434/v1', tier: 0, models: ['llama'], answerModel: 'llama' },
          {
            name: 'together',
            baseUrl: 'https://api.example/v1',
            tier: 2,
            models: ['big'],
            apiKey: 'Token_1',
            timeouts: { connect: Duration.seconds(1) },
            at: { cidr: '203.0.113.0/24' },
          },
        ],
      },
    });
    const manifests = on.synth();
    const file = String(at(object(manifests, 'ConfigMap', 'orchestrator-config'), 'data', 'providers.json'));
    expect(JSON.parse(file)).toEqual([
      {
        name: 'ollama',
        kind: 'openai-compatible',
        baseUrl: 'http://ollama:11434/v1',
        tier: 0,
        models: ['llama'],
        answerModel: 'llama',
      },
      {
        name: 'together',
        kind: 'openai-compatible',
        baseUrl: 'https://api.example/v1',
        tier: 2,
        models: ['big'],
        apiKeyFile: '/etc/orchestrator/keys/together',
        timeouts: { connect: 1000 },
      },
    ]);
    expect(object(manifests, 'Secret', 'orchestrator-keys').stringData).toEqual({ together: 'Token_1' });
    const [pod] = podsOf(manifests);
    if (!pod) throw new Error('the pod is missing');
    expect(new Reachability(manifests).allowsAddress(pod, '203.0.113.7', 443, 'TCP')).toBe(true);
  });

  it('refuses RAG without a model, and a feature without its connections', () => {
    const on = bench();
    new Orchestrator(on.namespace, 'orchestrator', {
      images: on.images,
      resources: small,
      features: ['rag'],
      tokens: { cli: 'x' },
    });
    const error = synthError(on.synth);
    expect(error).toMatch(/embedding is null: the feature "rag" needs a model/);
    expect(error).toMatch(/features is "rag": it needs MILVUS_URL or QDRANT_URL; declare the connection that sets it/);
  });

  it('serves with as many workers as it is told to, if they have processors and Redis', () => {
    expect(envOf(orchestrator({ workers: 2 }).synth(), 'orchestrator')).toMatchObject({ WORKERS: '2' });
    expect(envOf(orchestrator({ workers: 1 }).synth(), 'orchestrator')).not.toHaveProperty('WORKERS');
    for (const workers of [0, 1.5, 65])
      expect(synthError(orchestrator({ workers }).synth)).toContain('use a whole number from 1 to 64');
    const cpu = { request: Cpu.millis(100), limit: Cpu.millis(1_500) };
    expect(synthError(orchestrator({ workers: 2, resources: { ...small, cpu } }).synth)).toMatch(
      /workers is 2: lower it to 1, or raise the CPU limit to 2/,
    );
    const alone = bench();
    new Orchestrator(alone.namespace, 'orchestrator', {
      images: alone.images,
      resources: small,
      features: ['gateway'],
      tokens: { cli: 'Geheim1' },
      workers: 2,
    });
    expect(synthError(alone.synth)).toContain('workers is 2: they share limits through Redis, and need REDIS_URL');
  });
});
