import type { Images } from './images.ts';
import type { PartNames, Placement, Resources } from './workload-props.ts';

/** What every component needs to know. */
export interface ComponentProps {
  /** Where its images come from. */
  readonly images: Images;
  readonly resources: Resources;
  /** Name of the workload and its service. @default - the component's own name */
  readonly name?: string;
  /** Name of a PriorityClass that exists in the cluster. @default - the cluster's default */
  readonly priorityClass?: string;
  /** Names of parts of the workload that others rely on. @default - each has the workload's name */
  readonly names?: PartNames;
  /** @default - any node that has room */
  readonly placement?: Placement;
}

/** The part of the properties that goes to the workload as it is. */
export function common(props: ComponentProps) {
  const { resources, priorityClass, names, placement } = props;
  return {
    resources,
    ...(priorityClass && { priorityClass }),
    ...(names && { names }),
    ...(placement && { placement }),
  };
}
