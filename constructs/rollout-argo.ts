import { type ApiObject, Duration } from 'cdk8s';
import type { Construct } from 'constructs';
import { kubeObject, platformLabels } from './cluster-object.ts';
import type { Connections } from './connections.ts';
import type { RolloutProps, Split } from './rollout.ts';
import type { Connectable } from './workload.ts';

/** A step of a canary. */
export type CanaryStep =
  /** Share of the new version, in percent. */
  | { readonly weight: number }
  /** Waits, while the analysis looks on. */
  | { readonly pause: Duration }
  /** Waits for a person: `kubectl argo rollouts promote <name>`. */
  | { readonly approval: true };

/** What Argo Rollouts needs to know beyond the strategy. */
export interface ArgoOptions {
  /** @default - 10 % for 5 minutes, then a person decides */
  readonly steps?: readonly CanaryStep[];
  /** Judges the new version; a version that fails goes back by itself. @default - nobody but a person judges */
  readonly analysis?: {
    readonly server: Connectable<'http'>;
    /** Opens the way to it. */
    readonly connections: Connections;
    /** Namespace of the controller, which asks. @default 'argo-rollouts' */
    readonly namespace?: string;
    /** PromQL with one value. */
    readonly query: string;
    /** The value has to stay below this. */
    readonly below: number;
    /** How often it is asked. */
    readonly interval: Duration;
    /** Answers above the bound that are put up with. @default 1 */
    readonly failures?: number;
  };
  /** Divides the traffic exactly. @default - the number of pods does */
  readonly router?: {
    /** Needs the plugin `argoproj-labs/gatewayAPI` in the controller. */
    readonly kind: 'gateway-api';
    /** Name of the HTTPRoute. */
    readonly route: string;
  };
}

const fiveMinutes = Duration.minutes(5);

type ArgoProps = RolloutProps & { readonly argo: ArgoOptions };
type MakeService = (name: string, selector: Readonly<Record<string, string>>) => ApiObject;

/** Makes the Rollout, its services and its analysis. Argo takes the pods over from the Deployment that it refers to. */
export function argoRollout(scope: Construct, props: ArgoProps, service: MakeService): readonly Split[] {
  const { workload } = props.target;
  const { strategy, argo } = props;
  const metadata = {
    namespace: workload.namespace.name,
    labels: { ...platformLabels(workload.namespace.platform), app: workload.name },
  };
  workload.scaleThrough({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: workload.name });
  // The Deployment only holds the template: a number here would bring its own pods back at each deployment.
  workload.leaveReplicas();
  const analysis = argo.analysis && analysisTemplate(scope, props, metadata);
  const judged = analysis && { analysis: { templates: [{ templateName: workload.name }] } };
  const pair = [`${workload.name}-stable`, `${workload.name}-canary`] as const;
  let how: object;
  let split: readonly Split[] = [{ service: workload.name, weight: 100 }];
  switch (strategy.kind) {
    case 'blue-green':
      service(`${workload.name}-preview`, {});
      how = {
        blueGreen: {
          activeService: workload.name,
          previewService: `${workload.name}-preview`,
          autoPromotionEnabled: false,
          // Time to go back in an instant.
          scaleDownDelaySeconds: 600,
          ...(analysis && { prePromotionAnalysis: { templates: [{ templateName: workload.name }] } }),
        },
      };
      break;
    case 'rolling':
    case 'canary': {
      const canary = strategy.kind === 'canary';
      const steps = canary
        ? (argo.steps ?? [{ weight: strategy.weight }, { pause: fiveMinutes }, { approval: true }])
        : [];
      if (canary) {
        for (const name of pair) service(name, {});
        split = [
          { service: pair[0], weight: 100 },
          { service: pair[1], weight: 0 },
        ];
      }
      how = {
        canary: {
          maxSurge: 1,
          maxUnavailable: 0,
          ...(canary && { stableService: pair[0], canaryService: pair[1], steps: steps.map(renderStep) }),
          ...(canary && argo.router && { trafficRouting: routing(argo.router, metadata.namespace) }),
          ...judged,
        },
      };
    }
  }
  const rollout = kubeObject(scope, 'rollout', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: workload.name,
    ...metadata,
    fields: {
      spec: {
        replicas: workload.replicas,
        revisionHistoryLimit: 5,
        workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name, scaleDown: 'onsuccess' },
        strategy: how,
      },
    },
  });
  rollout.addDependency(workload.controller, ...(analysis ? [analysis] : []));
  return split;
}

function renderStep(step: CanaryStep): object {
  if ('weight' in step) return { setWeight: step.weight };
  if ('pause' in step) return { pause: { duration: `${step.pause.toSeconds()}s` } };
  return { pause: {} };
}

function routing({ route }: NonNullable<ArgoOptions['router']>, namespace: string): object {
  return { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: route, namespace } } };
}

function analysisTemplate(
  scope: Construct,
  { target, argo }: ArgoProps,
  metadata: { readonly namespace: string; readonly labels: Record<string, string> },
): ApiObject | undefined {
  if (!argo.analysis) return undefined;
  const { server, connections, namespace = 'argo-rollouts', query, below, interval, failures = 1 } = argo.analysis;
  connections.fromOutside({ namespace }, server, 'http');
  const { workload } = server;
  return kubeObject(scope, 'analysis', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    name: target.workload.name,
    ...metadata,
    fields: {
      spec: {
        metrics: [
          {
            name: 'promise',
            interval: `${interval.toSeconds()}s`,
            failureLimit: failures,
            // Without traffic there is no answer, and nothing to object to.
            successCondition: `len(result) == 0 || isNaN(result[0]) || result[0] < ${below}`,
            provider: {
              prometheus: {
                address: `http://${workload.name}.${workload.namespace.name}.svc:${workload.ports.http.number}`,
                query,
              },
            },
          },
        ],
      },
    },
  });
}
