import { Release } from '@pulumi/kubernetes/helm/v3/index.js';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type ProviderResource,
  type Resource,
} from '@pulumi/pulumi';
import { inOrder, type OperatorName, operators } from './operators.ts';

/** Properties of {@link InstalledOperators}. */
export interface InstalledOperatorsProps {
  readonly cluster: ProviderResource;
  readonly names: readonly OperatorName[];
  /** Values that only the cluster knows, by operator. @default - none */
  readonly values?: Readonly<Partial<Record<OperatorName, Readonly<Record<string, Input<unknown>>>>>>;
  /** What an operator needs beside those that it comes after, such as its role. @default - nothing */
  readonly needs?: Readonly<Partial<Record<OperatorName, readonly Resource[]>>>;
}

/** Operators as Helm releases, each installed and ready before what needs it. */
export class InstalledOperators extends ComponentResource {
  /** Whoever waits for these finds every operator at work. */
  readonly releases: ReadonlyMap<OperatorName, Resource>;

  constructor(name: string, props: InstalledOperatorsProps, options?: ComponentResourceOptions) {
    super('keelson:aws:InstalledOperators', name, {}, { ...options, providers: [props.cluster] });
    const releases = new Map<OperatorName, Resource>();
    for (const each of inOrder(props.names)) {
      const { chart, version, repository, namespace, after = [], serviceAccount, values = {} } = operators[each];
      const account = serviceAccount === undefined ? {} : { serviceAccount: { create: true, name: serviceAccount } };
      const release = new Release(
        each,
        {
          name: each,
          chart,
          version,
          namespace,
          createNamespace: namespace !== 'kube-system',
          ...(repository !== undefined && { repositoryOpts: { repo: repository } }),
          values: { ...account, ...values, ...props.values?.[each] },
          // A failed installation leaves nothing half-done behind.
          atomic: true,
          timeout: 900,
        },
        {
          parent: this,
          provider: props.cluster,
          dependsOn: [...after.flatMap((earlier) => releases.get(earlier) ?? []), ...(props.needs?.[each] ?? [])],
        },
      );
      releases.set(each, release);
    }
    this.releases = releases;
    this.registerOutputs({});
  }
}
