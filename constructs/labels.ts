/** Facts about a workload that its labels carry. */
export interface Identity {
  /** Name of the workload, its service and its pods' stable label. */
  readonly name: string;
  /** Role within the platform, for example `cache` or `database`. */
  readonly component: string;
  /** The platform. */
  readonly partOf: string;
  /** Version of the software, from the image. */
  readonly version: string;
}

/**
 * The label that selectors use, and the only one: a selector cannot change after creation, so nothing that may change
 * (version, component, construct path) is part of it.
 */
export function selectorLabels(name: string): { readonly app: string } {
  return { app: name };
}

/** Label that tells the controllers behind one service apart. */
export const trackLabel = 'keelson.dev/track';

/** All labels of an object: the stable one and the recommended `app.kubernetes.io` set. */
export function recommendedLabels(identity: Identity): Record<string, string> {
  return {
    ...selectorLabels(identity.name),
    'app.kubernetes.io/name': identity.name,
    'app.kubernetes.io/component': identity.component,
    'app.kubernetes.io/part-of': identity.partOf,
    'app.kubernetes.io/version': labelValue(identity.version),
    'app.kubernetes.io/managed-by': 'keelson',
  };
}

/** A label value holds at most 63 characters of a small set, and image tags may hold more. */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
