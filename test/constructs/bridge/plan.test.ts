import { describe, expect, it } from '@jest/globals';
import { ApiObject, App, Chart } from 'cdk8s';
import { type Plan, plan } from '../../../constructs/bridge/plan.ts';

/** An app of one chart with the given objects; every object is `[kind, name, rest]`. */
function appOf(build: (chart: Chart) => void): App {
  const app = new App();
  build(new Chart(app, 'chart', { disableResourceNameHashes: true }));
  return app;
}

function add(
  chart: Chart,
  apiVersion: string,
  kind: string,
  name: string,
  rest: object = {},
  namespace = 'ns',
): ApiObject {
  return new ApiObject(chart, `${kind}-${name}`, { apiVersion, kind, metadata: { name, namespace }, ...rest });
}

function deployment(chart: Chart, name: string, pod: object = {}): ApiObject {
  return add(chart, 'apps/v1', 'Deployment', name, {
    spec: { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name }], ...pod } } },
  });
}

function dependenciesOf(objects: Plan, id: string): readonly string[] | undefined {
  return objects.find((object) => object.id === id)?.dependsOn;
}

describe('plan', () => {
  it('names resources by kind, namespace and name, and custom ones by their group as well', () => {
    const app = appOf((chart) => {
      add(chart, 'apps/v1', 'Deployment', 'api');
      add(chart, 'snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'daily');
      add(chart, 'keda.sh/v1alpha1', 'ScaledObject', 'api');
      new ApiObject(chart, 'class', {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'fast' },
      });
    });
    expect(plan(app).map(({ id }) => id)).toEqual([
      'deployment/ns/api',
      'volumesnapshot/ns/daily',
      'scaledobject.keda.sh/ns/api',
      'storageclass/fast',
    ]);
  });

  it('waits for declared dependencies, across charts', () => {
    const app = new App();
    const data = new Chart(app, 'data');
    const services = new Chart(app, 'services');
    const api = deployment(services, 'api');
    api.addDependency(deployment(data, 'database'));
    const planned = plan(app);
    expect(dependenciesOf(planned, 'deployment/ns/api')).toEqual(['deployment/ns/database']);
    expect(planned.map(({ id }) => id)).toEqual(['deployment/ns/database', 'deployment/ns/api']);
    expect(planned.map(({ chart }) => chart)).toEqual(['data', 'services']);
  });

  it('waits for everything that a pod refers to', () => {
    const app = appOf((chart) => {
      deployment(chart, 'api', {
        serviceAccountName: 'account',
        priorityClassName: 'high',
        imagePullSecrets: [{ name: 'pull' }],
        initContainers: [{ name: 'init', envFrom: [{ configMapRef: { name: 'from' } }] }],
        containers: [
          {
            name: 'api',
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'password', key: 'a' } } }],
          },
        ],
        volumes: [
          { name: 'a', configMap: { name: 'settings' } },
          { name: 'b', secret: { secretName: 'certificate' } },
          { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
          { name: 'd', projected: { sources: [{ configMap: { name: 'projected' } }] } },
        ],
      });
      for (const name of ['settings', 'from', 'projected']) add(chart, 'v1', 'ConfigMap', name);
      for (const name of ['pull', 'password', 'certificate']) add(chart, 'v1', 'Secret', name);
      add(chart, 'v1', 'ServiceAccount', 'account');
      add(chart, 'v1', 'PersistentVolumeClaim', 'claim');
      new ApiObject(chart, 'ns', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
      new ApiObject(chart, 'pc', {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: 'high' },
      });
      add(chart, 'v1', 'Secret', 'unrelated');
    });
    expect(dependenciesOf(plan(app), 'deployment/ns/api')).toEqual([
      'configmap/ns/from',
      'configmap/ns/projected',
      'configmap/ns/settings',
      'namespace/ns',
      'persistentvolumeclaim/ns/claim',
      'priorityclass/high',
      'secret/ns/certificate',
      'secret/ns/password',
      'secret/ns/pull',
      'serviceaccount/ns/account',
    ]);
  });

  it('waits for the object of which an operator makes what a pod refers to', () => {
    const app = appOf((chart) => {
      deployment(chart, 'api', {
        volumes: [
          { name: 'a', secret: { secretName: 'password' } },
          { name: 'b', secret: { secretName: 'tls' } },
        ],
      });
      add(chart, 'external-secrets.io/v1', 'ExternalSecret', 'password', { spec: { target: { name: 'password' } } });
      add(chart, 'cert-manager.io/v1', 'Certificate', 'edge', { spec: { secretName: 'tls' } });
    });
    expect(dependenciesOf(plan(app), 'deployment/ns/api')).toEqual([
      'certificate.cert-manager.io/ns/edge',
      'externalsecret.external-secrets.io/ns/password',
    ]);
  });

  it('does not take an object of the same name in another namespace for the one referred to', () => {
    const app = appOf((chart) => {
      deployment(chart, 'api', { serviceAccountName: 'account' });
      add(chart, 'v1', 'ServiceAccount', 'account', {}, 'elsewhere');
    });
    expect(dependenciesOf(plan(app), 'deployment/ns/api')).toEqual([]);
  });

  it('starts pods after the network policies that select them', () => {
    const policy = (labels: object) => ({ spec: { podSelector: labels } });
    const app = appOf((chart) => {
      deployment(chart, 'api');
      add(chart, 'networking.k8s.io/v1', 'NetworkPolicy', 'all', policy({}));
      add(chart, 'networking.k8s.io/v1', 'NetworkPolicy', 'mine', policy({ matchLabels: { app: 'api' } }));
      add(chart, 'networking.k8s.io/v1', 'NetworkPolicy', 'other', policy({ matchLabels: { app: 'web' } }));
    });
    expect(dependenciesOf(plan(app), 'deployment/ns/api')).toEqual(['networkpolicy/ns/all', 'networkpolicy/ns/mine']);
  });

  it('makes a custom resource after its definition, a binding after role and account, a scaler after its target', () => {
    const app = appOf((chart) => {
      add(chart, 'keda.sh/v1alpha1', 'ScaledObject', 'scaler', { spec: { scaleTargetRef: { name: 'api' } } });
      add(chart, 'rbac.authorization.k8s.io/v1', 'RoleBinding', 'binding', {
        roleRef: { kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'account' }],
      });
      deployment(chart, 'api');
      add(chart, 'rbac.authorization.k8s.io/v1', 'Role', 'reader');
      add(chart, 'v1', 'ServiceAccount', 'account');
      new ApiObject(chart, 'crd', {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'scaledobjects.keda.sh' },
        ...{ spec: { group: 'keda.sh', names: { kind: 'ScaledObject' } } },
      });
    });
    const planned = plan(app);
    expect(dependenciesOf(planned, 'scaledobject.keda.sh/ns/scaler')).toEqual([
      'customresourcedefinition/scaledobjects.keda.sh',
      'deployment/ns/api',
    ]);
    expect(dependenciesOf(planned, 'rolebinding/ns/binding')).toEqual(['role/ns/reader', 'serviceaccount/ns/account']);
  });

  it('puts every object after all that it waits for', () => {
    const app = appOf((chart) => {
      const objects = ['a', 'b', 'c', 'd'].map((name) => deployment(chart, name));
      objects.reduce((earlier, later) => {
        earlier.addDependency(later);
        return later;
      });
    });
    expect(plan(app).map(({ name }) => name)).toEqual(['d', 'c', 'b', 'a']);
  });

  it('refuses two objects with one identity, whatever the version of their API, and names both', () => {
    const app = appOf((chart) => {
      add(chart, 'autoscaling/v1', 'HorizontalPodAutoscaler', 'api');
      new ApiObject(chart, 'again', {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'api', namespace: 'ns' },
      });
    });
    expect(() => plan(app)).toThrow(
      '[chart/again] metadata.name is "api": [chart/HorizontalPodAutoscaler-api] has the same HorizontalPodAutoscaler: give one of them another name',
    );
  });

  it('shows the circle when inferred references make objects wait for each other', () => {
    const app = appOf((chart) => {
      add(chart, 'v1', 'ConfigMap', 'settings').addDependency(
        deployment(chart, 'api', { volumes: [{ name: 'a', configMap: { name: 'settings' } }] }),
      );
    });
    expect(() => plan(app)).toThrow('deployment/ns/api -> configmap/ns/settings -> deployment/ns/api');
  });

  it('does not let the provider wait for endpoints, bound claims or tokens of accounts, but for load balancers', () => {
    const app = appOf((chart) => {
      add(chart, 'v1', 'Service', 'inner', { spec: { selector: { app: 'a' } } });
      add(chart, 'v1', 'Service', 'outer', { spec: { type: 'LoadBalancer' } });
      add(chart, 'v1', 'PersistentVolumeClaim', 'claim', { spec: {} });
      add(chart, 'v1', 'ServiceAccount', 'account');
    });
    const annotated = plan(app).map(({ name, manifest }) => [name, manifest.metadata.annotations]);
    expect(annotated).toEqual([
      ['inner', { 'pulumi.com/skipAwait': 'true' }],
      ['outer', undefined],
      ['claim', { 'pulumi.com/skipAwait': 'true' }],
      ['account', { 'pulumi.com/skipAwait': 'true' }],
    ]);
  });

  it('passes on the validation errors of constructs, with their paths', () => {
    const app = appOf((chart) => {
      deployment(chart, 'api').node.addValidation({ validate: () => ['replicas is 0: use at least 1'] });
    });
    expect(() => plan(app)).toThrow('[chart/Deployment-api] replicas is 0: use at least 1');
  });
});
