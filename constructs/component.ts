import type { Images } from './images.ts';
import type { Resources } from './workload-props.ts';

/** What every component needs to know. */
export interface ComponentProps {
  /** Where its images come from. */
  readonly images: Images;
  readonly resources: Resources;
  /** Name of the workload and its service. @default - the component's own name */
  readonly name?: string;
  /** Name of a PriorityClass that exists in the cluster. @default - the cluster's default */
  readonly priorityClass?: string;
}

/** The part of the properties that goes to the workload as it is. */
export function common(props: ComponentProps) {
  return { resources: props.resources, ...(props.priorityClass && { priorityClass: props.priorityClass }) };
}
