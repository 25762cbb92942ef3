/** What the operating system lets this process use: memory and processors. Nothing is kept: limits can change. */
import {readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface Limit {
  /** Bytes of memory, or processors. */
  value: number;
  /** What sets the limit: a file of a cgroup, or `ulimit -v`; absent where the machine has no more. */
  by?: string;
}

export interface SystemLimits {
  memory: Limit;
  processors: Limit;
}

export interface Machine {
  /** Where `proc` is, and what its paths begin at. */
  root?: string;
  /** Bytes. */
  memory?: number;
  processors?: number;
}

let sharing = 1;

/** Says how many processes of a training are on this machine: they share its processors. */
export function shareProcessors(processes: number): void {
  sharing = processes;
}

/**
 * The least that the machine, the process's cgroup (version 1 or 2), the groups above it, and `ulimit -v` allow.
 * A quota of processor time counts as whole processors, rounded up. What cannot be read sets no limit. Never throws.
 */
export function systemLimits({
  root = '/',
  memory = os.totalmem(),
  processors = os.availableParallelism(),
}: Machine = {}): SystemLimits {
  const read = (file: string): string | undefined => {
    try {
      return readFileSync(path.join(root, file), 'utf8').trim();
    } catch {
      return undefined;
    }
  };
  const found: {memory: Limit[]; processors: Limit[]} = {memory: [{value: memory}], processors: [{value: processors}]};
  const note = (limits: Limit[], value: number, by: string): void => {
    if (value > 0) limits.push({value, by}); // NaN is no limit
  };
  for (const {folder, version} of groups(read('proc/self/cgroup') ?? '', read('proc/self/mountinfo') ?? '')) {
    for (const name of memoryFiles[version]) {
      const file = path.posix.join(folder, name);
      note(found.memory, Number(read(file) || NaN), file);
    }
    const file = path.posix.join(folder, quotaFiles[version][0]!);
    const [quota, period] = quotaFiles[version]
      .flatMap((name) => (read(path.posix.join(folder, name)) ?? '').split(' '))
      .map(Number);
    note(found.processors, Math.ceil(quota! / period!), file);
  }
  const most = least(found.processors).value;
  // mpirun may have given each process its own ones
  if (sharing > 1 && processors === os.cpus().length)
    note(found.processors, Math.max(1, Math.floor(most / sharing)), `${sharing} ranks on this machine`);
  const space = /^Max address space +(\d+) /m.exec(read('proc/self/limits') ?? '')?.[1];
  note(found.memory, Number(space), 'ulimit -v');
  return {memory: least(found.memory), processors: least(found.processors)};
}

/** Bytes that one thing may take which has to be in memory whole, such as an array that is compressed. */
export const mostInMemory = (): number => Math.min(2 ** 31, systemLimits().memory.value / 4);

const memoryFiles = {1: ['memory.limit_in_bytes'], 2: ['memory.max', 'memory.high']};
const quotaFiles = {1: ['cpu.cfs_quota_us', 'cpu.cfs_period_us'], 2: ['cpu.max']};

const least = (limits: Limit[]): Limit => limits.reduce((a, b) => (b.value < a.value ? b : a));

interface Group {
  /** With the files of its limits. */
  folder: string;
  version: 1 | 2;
}

/**
 * The groups that limit the process, and those above them, as far as they are mounted: several hierarchies in version
 * 1, one in version 2, or both. The two files are described in proc(5) and cgroups(7).
 */
function groups(memberships: string, mounts: string): Group[] {
  const own = memberships.split('\n').flatMap((line) => {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return group === undefined ? [] : [{controllers: controllers!.split(','), group}];
  });
  return mounts.split('\n').flatMap((line): Group[] => {
    const [, mountRoot, mountPoint, type, options] =
      /^\d+ \d+ \S+ (\S+) (\S+) .*? - (cgroup2?) \S+ (\S+)$/.exec(line) ?? [];
    if (mountPoint === undefined) return [];
    const version = type === 'cgroup2' ? 2 : 1;
    const has = options!.split(',');
    const member = own.find(({controllers}) =>
      version === 2
        ? controllers[0] === ''
        : controllers.some((name) => ['memory', 'cpu'].includes(name) && has.includes(name)),
    );
    if (!member) return [];
    return upwards(beneath(unescaped(mountRoot!), member.group)).map((inside) => ({
      folder: path.posix.join(unescaped(mountPoint), inside),
      version,
    }));
  });
}

/** A group's path from the root of the mount; that root itself where the group is not in it, as in some containers. */
function beneath(mountRoot: string, group: string): string {
  const relative = path.posix.relative(mountRoot, group);
  return relative.startsWith('..') || group.startsWith('/..') ? '' : relative;
}

/** `a/b`: `a/b`, `a` and ``. */
function upwards(inside: string): string[] {
  const parts = inside.split('/').filter((part) => part !== '');
  return [...parts.map((_, i) => parts.slice(0, parts.length - i).join('/')), ''];
}

/** In mountinfo, blanks and backslashes are octal numbers. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

/** `3.2 GB`, `850 MB`. */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
