import { describe, expect, it } from '@jest/globals';
import { resolvePaths } from '../../local/paths.ts';
import { isDebianLike, type Machine, problemsOf } from '../../local/preflight.ts';

const fine: Machine = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  osRelease: 'ID=debian\n',
  capabilities: 0x1ffn << 20n,
  cgroupProblem: () => undefined,
  freeBytes: () => 50 * 1024 ** 3,
};
const paths = resolvePaths({ HOME: '/home/ada', KEELSON_STATE: '/data/state' });
const messages = (change: Partial<Machine>) =>
  problemsOf({ ...fine, ...change }, paths, { gibibytes: 12 }).map(({ message }) => message);

describe('on a cluster that exists', () => {
  const user: Machine = {
    ...fine,
    uid: 1000,
    osRelease: 'ID=fedora',
    cgroupProblem: () => ({ path: 'c', value: 'v' }),
  };

  it('images still need root, unless a registry has them', () => {
    const root = problemsOf({ ...user, osRelease: 'ID=debian' }, paths, { gibibytes: 12, makes: 'images' });
    expect(root.map(({ message }) => message)).toEqual([
      'user: id 1000 is not root. Run the command as root, for example: sudo --preserve-env=PATH npm start, or name a registry that has the images: --registry <prefix>',
    ]);
    expect(problemsOf(user, paths, { gibibytes: 4, makes: 'tools' })).toEqual([]);
  });

  it('no cgroup is needed', () => {
    expect(problemsOf({ ...user, uid: 0, osRelease: 'ID=debian' }, paths, { gibibytes: 12, makes: 'images' })).toEqual(
      [],
    );
  });
});

describe('problemsOf', () => {
  it('finds nothing on a machine that fits', () => expect(messages({})).toEqual([]));

  it.each<[string, Partial<Machine>, string]>([
    [
      'another system',
      { platform: 'darwin', arch: 'arm64' },
      'system: darwin on arm64 is not supported. Use Linux on x86-64, for example in a virtual machine',
    ],
    [
      'another processor',
      { arch: 'arm64' },
      'system: linux on arm64 is not supported. Use Linux on x86-64, for example in a virtual machine',
    ],
    [
      'no root',
      { uid: 1000 },
      'user: id 1000 is not root. Run the command as root, for example: sudo --preserve-env=PATH npm start',
    ],
    [
      'another distribution',
      { osRelease: 'ID=fedora' },
      '/etc/os-release: this is no Debian-like system. Use Debian, Ubuntu or a relative of them, or a container of one',
    ],
    [
      'a container without privileges',
      { capabilities: 0n },
      '/proc/self/status: CapEff lacks CAP_SYS_ADMIN. Run in a privileged container or on the machine itself',
    ],
    [
      'cgroups that cannot be written',
      { cgroupProblem: () => ({ path: '/sys/fs/cgroup/cpu', value: 'no cgroup can be made (EROFS)' }) },
      '/sys/fs/cgroup/cpu: no cgroup can be made (EROFS). Mount the cgroup file systems writable, as a privileged container has them',
    ],
    [
      'a full disk for the caches',
      { freeBytes: (folder) => (folder.startsWith('/home') ? 1.5 : 90) * 1024 ** 3 },
      '/home/ada/.cache/keelson: 1.5 GiB free of the 12 GiB needed. Free some, or set KEELSON_CACHE to a folder on a larger disk',
    ],
    [
      'a full disk for the state',
      { freeBytes: (folder) => (folder.startsWith('/data') ? 1.5 : 90) * 1024 ** 3 },
      '/data/state: 1.5 GiB free of the 12 GiB needed. Free some, or set KEELSON_STATE to a folder on a larger disk',
    ],
  ])('names %s in exactly one line', (_name, change, message) => expect(messages(change)).toEqual([message]));

  it('names all problems at once, each with the exit code of the environment', () => {
    const problems = problemsOf({ ...fine, uid: 7, freeBytes: () => 0 }, paths, { gibibytes: 3 });
    expect(problems.map(({ exitCode }) => exitCode)).toEqual([78, 78]);
  });
});

describe('isDebianLike', () => {
  it.each([
    ['ID=debian', true],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian', true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', true],
    ['ID=fedora\nID_LIKE="rhel"', false],
    ['ID=notdebian', false],
    ['', false],
  ])('reads %j as %s', (text, expected) => expect(isDebianLike(text)).toBe(expected));
});
