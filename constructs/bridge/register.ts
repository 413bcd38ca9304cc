import { ComponentResource, type CustomResource, type ProviderResource, type Resource } from '@pulumi/pulumi';
import { type FindClass, loadClasses } from './classes.ts';
import type { Plan, PlannedObject } from './plan.ts';
import type { Tokens } from './tokens.ts';

/** Options of {@link register}. */
export interface RegisterOptions {
  /** The cluster. @default - the provider that the stack's configuration describes */
  readonly provider?: ProviderResource;
  /** The Outputs that stand behind tokens in the manifests. */
  readonly tokens: Tokens;
  /** What has to be there before any of the objects: the nodes and operators of a cluster that is made with them. @default - nothing */
  readonly after?: readonly Resource[];
  /** Refuse to delete or replace what holds data: stateful sets, volumes and their claims. @default false */
  readonly protectStateful?: boolean;
}

const stateful: ReadonlySet<string> = new Set(['StatefulSet', 'PersistentVolumeClaim', 'PersistentVolume']);

/** Registers the planned objects with Pulumi, under one component per chart. Returns the resources by the ids of the plan. */
export async function register(plan: Plan, options: RegisterOptions): Promise<ReadonlyMap<string, CustomResource>> {
  const classes = await loadClasses(plan);
  const charts = new Map<string, ChartComponent>();
  const resources = new Map<string, CustomResource>();
  for (const object of plan) {
    let parent = charts.get(object.chart);
    if (parent === undefined) {
      parent = new ChartComponent(object.chart, options.provider);
      charts.set(object.chart, parent);
    }
    resources.set(object.id, create(object, parent, resources, classes, options));
  }
  for (const chart of charts.values()) chart.close();
  return resources;
}

function create(
  object: PlannedObject,
  parent: Resource,
  resources: ReadonlyMap<string, CustomResource>,
  classes: FindClass,
  options: RegisterOptions,
): CustomResource {
  const Kind = classes(object.apiVersion, object.kind);
  return new Kind(object.id, options.tokens.resolve(object.manifest, object.id), {
    parent,
    // Whoever waits for another object waits for all this through it.
    dependsOn:
      object.dependsOn.length > 0
        ? object.dependsOn.flatMap((id) => resources.get(id) ?? [])
        : [...(options.after ?? [])],
    protect: options.protectStateful === true && stateful.has(object.kind),
  });
}

/** Groups the objects of a chart. It takes no arguments: they would put every manifest into the state a second time. */
class ChartComponent extends ComponentResource {
  constructor(name: string, provider: ProviderResource | undefined) {
    super('keelson:kubernetes:Chart', name, {}, provider === undefined ? {} : { providers: [provider] });
  }

  close(): void {
    this.registerOutputs({});
  }
}
