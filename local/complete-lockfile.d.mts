interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, Entry>>;
}

export interface Platform {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
}

export function platformOf(name: string): Platform | undefined;
export function missingBuilds(
  lock: Lockfile,
): readonly { readonly name: string; readonly version: string; readonly dev: boolean }[];
export function complete(lock: Lockfile): Lockfile;
