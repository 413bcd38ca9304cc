import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { killCgroup, removeCgroup } from './cgroups.ts';
import { type ClusterLayout, cgroupName } from './layout.ts';
import { childrenOf, commandOf, identify, isRunning, type ProcessIdentity, runs } from './process-identity.ts';

/** What a node is made of; another one needs the node to start anew. */
export interface NodeParts {
  /** Root file system, read only and shared between clusters. */
  readonly rootfs: string;
  /** The binary of all Kubernetes programs. */
  readonly kube: string;
}

export interface NodeRunOptions {
  /** What the command reads from its standard input. @default - nothing */
  readonly input?: Readable;
}

export interface NodeRunResult {
  /** 1 when a signal ended the command. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface NodeRecord {
  readonly init: ProcessIdentity;
  readonly parts: NodeParts;
}

/** Shell: the processes whose children are the containers' first processes. */
const shims = '$(pgrep -d, containerd-shim)';

const scripts = path.join(import.meta.dirname, 'node');

/** The machine of the cluster: namespaces of its own whose process 1 supervises containerd, the kubelet and the node's agents. */
export class Node {
  readonly #layout: ClusterLayout;

  constructor(layout: ClusterLayout) {
    this.#layout = layout;
  }

  /** The node's process 1 as the host numbers it, or undefined when the node does not run. */
  get pid(): number | undefined {
    const record = this.#record();
    return record !== undefined && isRunning(record.init) ? record.init.pid : undefined;
  }

  /** Whether it runs, and from exactly these parts. */
  runsFrom(parts: NodeParts): boolean {
    const record = this.#record();
    return this.pid !== undefined && record?.parts.rootfs === parts.rootfs && record.parts.kube === parts.kube;
  }

  /**
   * Starts the node and waits until its container runtime answers.
   *
   * @throws Error with the end of the node's log when it does not come up.
   */
  async start(parts: NodeParts): Promise<void> {
    await this.#removeRemains();
    mkdirSync(this.#layout.node, { recursive: true, mode: 0o700 });
    const log = openSync(this.#layout.log, 'w');
    const launcher = spawn(
      path.join(scripts, 'launch'),
      [cgroupName(this.#layout), parts.rootfs, this.#layout.node, scripts, parts.kube],
      { detached: true, stdio: ['ignore', log, log] },
    );
    launcher.unref();
    const init = await this.#processOne(launcher.pid);
    const record: NodeRecord = { init: identify(init), parts };
    writeFileSync(this.#layout.nodeRecord, JSON.stringify(record));
    await this.#until('the container runtime', 60, async () => (await this.run(['ctr', 'version'])).exitCode === 0);
  }

  /** Ends every process of the node: first asked to, after the grace (in seconds) at once. What it made is gone with it. */
  async stop(graceSeconds = 10): Promise<void> {
    const { pid } = this;
    if (pid !== undefined && graceSeconds > 0) {
      // Without the kubelet nothing is started again. Then the containers are asked to end, so that databases flush.
      await this.run(['sh', '-c', `sv -w 3 force-stop /srv/services/kubelet; pkill -TERM -P "${shims}"; true`]);
      const askedAt = Date.now();
      while (Date.now() - askedAt < graceSeconds * 1000 && (await this.#containersRun())) await delay(200);
    }
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL');
      while (this.pid !== undefined) await delay(20);
    }
    await this.#removeRemains();
    rmSync(this.#layout.nodeRecord, { force: true });
  }

  /** Runs a command in the node's namespaces; never throws for its exit code. */
  async run(command: readonly [string, ...string[]], options: NodeRunOptions = {}): Promise<NodeRunResult> {
    const pid = this.pid;
    if (pid === undefined)
      throw new Error(`the node of cluster "${this.#layout.name}" does not run: start it with npm start`);
    const result = await execa('nsenter', ['--target', String(pid), '--all', '--wd=/', '--', ...command], {
      reject: false,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
      extendEnv: false,
      ...options,
    });
    return { exitCode: result.exitCode ?? 1, stdout: result.stdout, stderr: result.stderr };
  }

  async #containersRun(): Promise<boolean> {
    return (await this.run(['sh', '-c', `pgrep -P "${shims}"`])).exitCode === 0;
  }

  #record(): NodeRecord | undefined {
    if (!existsSync(this.#layout.nodeRecord)) return undefined;
    // Written by start() alone, in one piece; an unreadable one counts as none.
    try {
      return JSON.parse(readFileSync(this.#layout.nodeRecord, 'utf8')) as NodeRecord;
    } catch {
      return undefined;
    }
  }

  /** unshare stays as the parent; the node's process 1 is its only child. */
  async #processOne(launcher: number | undefined): Promise<number> {
    if (launcher === undefined) throw new Error(`could not run ${path.join(scripts, 'launch')}`);
    for (let attempt = 0; attempt < 500; attempt += 1) {
      if (!runs(launcher)) throw this.#failure('the node ended while it started');
      // Before it becomes unshare, the launcher has short-lived children. boot replaces itself by the supervisor once everything
      // is in place.
      const supervisor = childrenOf(launcher).find((child) => commandOf(child) === 'tini');
      if (supervisor !== undefined) return supervisor;
      await delay(20);
    }
    throw this.#failure('the node did not start within 10 s');
  }

  async #until(what: string, seconds: number, reached: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await reached())) {
      if (this.pid === undefined) throw this.#failure('the node ended while it started');
      if (Date.now() > deadline) throw this.#failure(`${what} did not answer within ${seconds} s`);
      await delay(100);
    }
  }

  #failure(what: string): Error {
    const log = existsSync(this.#layout.log) ? readFileSync(this.#layout.log, 'utf8').trim().split('\n').slice(-5) : [];
    return new Error(`${what}; the end of ${this.#layout.log}:\n${log.join('\n')}`);
  }

  /**
   * Whatever is left in the node's cgroup belongs to a node of which no record was kept: its start was killed, or its end. Nothing
   * else outlives the namespaces.
   */
  async #removeRemains(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        killCgroup(cgroupName(this.#layout));
        removeCgroup(cgroupName(this.#layout));
        return;
      } catch (error) {
        // The kernel takes a moment to reap what was killed.
        if (attempt >= 500) throw error;
        await delay(20);
      }
    }
  }
}
