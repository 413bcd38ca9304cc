import { Construct } from 'constructs';
import { kubeObject, platformLabels } from './cluster-object.ts';

/** How much a workload matters when nodes run out. */
export type Priority =
  /** Holds data, or everything else waits for it. */
  | 'data'
  /** Answers requests. */
  | 'serving'
  /** Watches the others: it has to outlive them, and never push them out. */
  | 'monitoring'
  /** May wait, and makes room first. */
  | 'batch';

/** Properties of {@link PriorityClasses}. */
export interface PriorityClassesProps {
  /** What the names begin with: classes belong to the cluster, and several platforms may share it. */
  readonly platform: string;
}

// Far below the classes of Kubernetes itself, which begin at two billion, and above the default of 0.
const classes: Readonly<
  Record<Priority, { readonly value: number; readonly preempts: boolean; readonly why: string }>
> = {
  data: { value: 1_000_000, preempts: true, why: 'Holds data that others cannot work without.' },
  serving: { value: 100_000, preempts: true, why: 'Answers requests.' },
  monitoring: { value: 50_000, preempts: false, why: 'Tells what happens to the others.' },
  batch: { value: 1_000, preempts: false, why: 'Can wait, and makes room first.' },
};

/** The priority classes of a platform. */
export class PriorityClasses extends Construct {
  readonly #platform: string;

  constructor(scope: Construct, id: string, props: PriorityClassesProps) {
    super(scope, id);
    this.#platform = props.platform;
    for (const [priority, { value, preempts, why }] of Object.entries(classes)) {
      kubeObject(this, priority, {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        name: `${props.platform}-${priority}`,
        labels: platformLabels(props.platform),
        fields: {
          value,
          globalDefault: false,
          preemptionPolicy: preempts ? 'PreemptLowerPriority' : 'Never',
          description: why,
        },
      });
    }
  }

  /** Name of the class for a priority. */
  name(priority: Priority): string {
    return `${this.#platform}-${priority}`;
  }
}
