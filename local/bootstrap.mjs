// What every npm command of this project runs first. It needs nothing but Node 18 or newer: it makes node_modules match
// package-lock.json and hands over to the command line with the Node that package-lock.json pins.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import * as nodeModule from 'node:module';
import { constants, homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(repository, 'node_modules');
const lockFile = path.join(repository, 'package-lock.json');
const marker = path.join(modules, '.keelson-lock');
const pinnedNode = path.join(modules, '.bin', 'node');
const cli = path.join(repository, 'local', 'cli.ts');
/** As local/paths.ts has it; that file needs the newer Node. */
const cache =
  process.env.KEELSON_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'keelson');

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ends with one line for the person. */
function fail(message, code) {
  process.stderr.write(`keelson: ${message}\n`);
  process.exit(code);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function lockHash() {
  const content = read(lockFile);
  if (content === undefined) fail(`${lockFile}: missing. Check the repository out again`, 78);
  return createHash('sha256').update(content).update(`${process.platform}-${process.arch}`).digest('hex');
}

const isInstalled = (hash) => read(marker) === hash && existsSync(pinnedNode);

/** Whether npm itself, called by hand, has installed just what package-lock.json pins. */
function npmInstalledTheSame() {
  const installed = read(path.join(modules, '.package-lock.json'));
  if (installed === undefined || !existsSync(pinnedNode)) return false;
  // A few packages publish their version with a leading v, which npm keeps in only one of the two files.
  const version = (entry) => entry?.version?.replace(/^v/, '');
  try {
    const has = JSON.parse(installed).packages;
    const wanted = Object.entries(JSON.parse(read(lockFile)).packages);
    return wanted
      .filter(([name, entry]) => name.includes('node_modules/') && !entry.link && !entry.optional)
      .every(([name, entry]) => version(has[name]) === version(entry));
  } catch {
    return false;
  }
}

/** Tells a process apart from a later one with the same id. */
function startTime(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/**
 * Runs the work while no other process installs into this checkout. The lock is held by this process and by those that the work
 * names: a killed command may leave an npm behind that still writes. When all of them are gone it is taken over.
 */
async function exclusively(work) {
  const name = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  const lock = path.join(path.resolve(cache), `install-${name}.lock`);
  const holder = path.join(lock, 'holder');
  mkdirSync(cache, { recursive: true });
  let told = false;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const text = read(holder);
    const processes = (text ?? '').split('\n').map((line) => line.split(' '));
    const pid = processes.find(([id, since]) => startTime(id) === since)?.[0];
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (text === undefined ? age > 5000 : pid === undefined) {
      // Of several that see a dead holder, the one whose rename succeeds removes the lock.
      const dead = `${lock}.${process.pid}`;
      try {
        renameSync(lock, dead);
        rmSync(dead, { recursive: true, force: true });
      } catch {}
      continue;
    }
    if (!told && pid) process.stderr.write(`Waiting: process ${pid} is installing the npm packages\n`);
    told ||= Boolean(pid);
    await delay(200);
  }
  try {
    const hold = (id) => writeFileSync(holder, `${id} ${startTime(id)}\n`, { flag: 'a' });
    hold(process.pid);
    return await work(hold);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function installOnce(hold) {
  // npm replaces node_modules, so it has to run with a Node from elsewhere, and must not inherit the flags of the npm that
  // called this script, such as --silent.
  const searchPath = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(lifecycle|package|command|config_loglevel|config_omit)/.test(name),
    ),
  );
  env.PATH = searchPath.join(':');
  delete env.NODE_ENV;
  // onnxruntime-node is used on the CPU; its install script would fetch CUDA files from a vendor site.
  env.ONNXRUNTIME_NODE_INSTALL = 'skip';
  delete env.NODE_OPTIONS;
  const since = Date.now();
  const seconds = () => `${Math.round((Date.now() - since) / 1000)} s`;
  const terminal = process.stderr.isTTY;
  process.stderr.write(`  npm packages ... (about 40 s)${terminal ? '' : '\n'}`);
  const timer = setInterval(
    () =>
      process.stderr.write(
        terminal ? `\r\u001B[K  npm packages, ${seconds()} of about 40 s` : `  ... npm packages, ${seconds()}\n`,
      ),
    terminal ? 500 : 15000,
  );
  return new Promise((resolve) => {
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-4000);
    };
    const args = [
      'ci',
      '--loglevel=error',
      '--no-audit',
      '--no-fund',
      '--no-progress',
      '--include=dev',
      '--foreground-scripts=false',
    ];
    const npm = spawn('npm', args, { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (npm.pid !== undefined) hold(npm.pid);
    const stopped = (signal) => {
      npm.kill(signal);
      npm.once('close', () => process.exit(128 + constants.signals[signal]));
    };
    for (const signal of signals) process.once(signal, stopped);
    npm.stdout.on('data', keep);
    npm.stderr.on('data', keep);
    const end = (problem) => {
      clearInterval(timer);
      for (const signal of signals) process.off(signal, stopped);
      process.stderr.write(`${terminal ? '\r\u001B[K' : ''}${problem ? '✗' : '✓'} npm packages (${seconds()})\n`);
      resolve(problem);
    };
    npm.on('error', (error) =>
      end(error.code === 'ENOENT' ? 'npm: not found on PATH. Install Node 18 or newer with npm' : error.message),
    );
    npm.on('close', (code) => end(code === 0 ? undefined : `npm ci failed in ${repository}: ${why(output)}`));
  });
}

/** The line of npm's output that tells most. */
function why(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  const told = lines.filter((line) => line !== '' && !/^(code|A complete log|errno|syscall)/.test(line));
  return `${told[0] ?? 'no message'}. Make the npm registry reachable (npm config get registry) and run the command again`;
}

async function install(hash) {
  await exclusively(async (hold) => {
    if (isInstalled(hash)) return;
    if (!npmInstalledTheSame()) {
      rmSync(marker, { force: true });
      const problem = await installOnce(hold);
      if (problem !== undefined) fail(problem, 69);
    }
    writeFileSync(`${marker}.${process.pid}`, hash);
    renameSync(`${marker}.${process.pid}`, marker);
  });
}

/** In this process where it is the pinned Node already, as under `npm run`: that saves starting another one. */
async function handOver(args, isFresh) {
  const compileCache = path.join(cache, 'compile');
  if (!isFresh && realpathSync(process.execPath) === realpathSync(pinnedNode)) {
    if (path.isAbsolute(compileCache)) nodeModule.enableCompileCache?.(compileCache);
    process.argv = [process.argv[0], cli, ...args];
    await import(pathToFileURL(cli).href);
    return;
  }
  const searchPath = [path.join(modules, '.bin'), ...(process.env.PATH ?? '').split(':')].join(':');
  const child = spawn(pinnedNode, [cli, ...args], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env, PATH: searchPath },
  });
  for (const signal of signals) {
    // A terminal sends its signals to the child as well.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  child.on('error', (error) =>
    fail(`${pinnedNode}: ${error.message}. Remove node_modules and run the command again`, 78),
  );
  child.on('close', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

if (Number(process.versions.node.split('.')[0]) < 18) {
  fail(`node ${process.versions.node}: too old. Install Node 18 or newer`, 78);
}
const hash = lockHash();
const isFresh = !isInstalled(hash);
if (isFresh) await install(hash);
await handOver(process.argv.slice(2), isFresh);
