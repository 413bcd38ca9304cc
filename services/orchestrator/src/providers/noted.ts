/** Something that has to be with the kernel before a backend is asked, so that it is known even if this process is killed then. */
export interface Noted {
  readonly written: boolean;
  /** Resolves when it is. */
  whenWritten(): Promise<void>;
}
