/** The parts of an image reference. */
export interface ImageReference {
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Splits `host:port/repository:tag@digest`; the port of a registry is no tag. */
export function parseImage(reference: string): ImageReference {
  const [named = '', digest] = reference.split('@', 2);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  return {
    repository: tagged ? named.slice(0, colon) : named,
    ...(tagged && { tag: named.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  };
}

/** Images that local/images builds: their tag holds the hash of their content, so it is as good as a digest. */
export function isContentAddressed(reference: string): boolean {
  return /^keelson\.local\/[^:@]+:.+-[0-9a-f]{12}$/.test(reference);
}
