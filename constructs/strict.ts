import type { ConfigMap, IConfigMap, IServiceAccount, Service, ServiceAccount, StatefulSetProps } from 'cdk8s-plus-28';

/*
 * cdk8s-plus declares optional properties without `| undefined`, so under exactOptionalPropertyTypes its own classes do not
 * meet its own interfaces. The objects do. These views are the only place that says so.
 */

export const asConfigMap = (map: ConfigMap): IConfigMap => map as IConfigMap; // see above
export const asServiceAccount = (account: ServiceAccount): IServiceAccount => account as IServiceAccount; // see above

export const asService = (service: Service): NonNullable<StatefulSetProps['service']> =>
  service as NonNullable<StatefulSetProps['service']>; // see above
