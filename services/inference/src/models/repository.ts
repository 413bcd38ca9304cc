/** A version of a model that a repository has. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
}

/** A folder on this machine with the files of a version. */
export interface ModelFolder extends ModelVersion {
  readonly path: string;
}

/** Where models come from. */
export interface ModelRepository {
  /** What it is called in messages. */
  readonly location: string;
  /** The setting to look at when it cannot be read. */
  readonly setting: string;
  /** All versions that it has, by name and then by version. */
  find(): Promise<readonly ModelVersion[]>;
  /**
   * The files of a version, on this machine.
   *
   * @throws Error with the place, what is wrong, and the cure
   */
  fetch(version: ModelVersion): Promise<ModelFolder>;
  /** Called when a folder is not used any more. */
  release(folder: ModelFolder): Promise<void>;
}

/** Names that go into addresses and metrics as they are. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const VERSION = /^[1-9][0-9]*$/;

export function isModelName(name: string): boolean {
  return NAME.test(name);
}

export function isVersion(version: string): boolean {
  return VERSION.test(version);
}

/** By name, and then by version as a number. */
export function compareVersions(a: ModelVersion, b: ModelVersion): number {
  return a.name.localeCompare(b.name) || Number(a.version) - Number(b.version);
}
