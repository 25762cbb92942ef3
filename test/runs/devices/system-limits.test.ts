import {expect} from 'chai';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {systemLimits, type SystemLimits} from '../../../dist/system-limits.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

const GiB = 2 ** 30;
const machine = {memory: 64 * GiB, processors: 16};
const none: SystemLimits = {memory: {value: 64 * GiB}, processors: {value: 16}};

/** What the process may use on a machine with these files. */
function limitsOf(files: Record<string, string>): SystemLimits {
  const root = folder();
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), {recursive: true});
    writeFileSync(file, `${text}\n`);
  }
  return systemLimits({root, ...machine});
}

const mountOf2 = '31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const version2 = (group: string, files: Record<string, string>): SystemLimits =>
  limitsOf({
    'proc/self/cgroup': `0::${group}`,
    'proc/self/mountinfo': `23 1 8:1 / / rw - ext4 /dev/sda1 rw\n${mountOf2}`,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`sys/fs/cgroup/${name}`, text])),
  });

const mountsOf1 = (root = '/'): string =>
  [
    `32 31 0:29 ${root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`,
    `33 31 0:30 ${root} /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset`,
    `34 31 0:31 ${root} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`,
  ].join('\n');

describe('limits of the system', () => {
  afterEach(removeFolders);

  it('are the machine where there is nothing to read', () => {
    expect(limitsOf({})).to.deep.equal(none);
    expect(limitsOf({'proc/self/cgroup': '', 'proc/self/mountinfo': 'nonsense', 'proc/self/limits': ''})).to.deep.equal(
      none,
    );
    expect(version2('/a', {})).to.deep.equal(none);
  });

  it('version 2: of the own group, and of one above it', () => {
    expect(
      version2('/a/b', {'a/b/memory.max': '2147483648', 'a/b/cpu.max': '150000 100000', 'a/memory.max': '4294967296'}),
    ).to.deep.equal({
      memory: {value: 2 * GiB, by: '/sys/fs/cgroup/a/b/memory.max'},
      processors: {value: 2, by: '/sys/fs/cgroup/a/b/cpu.max'},
    });
    expect(
      version2('/a/b', {
        'a/b/memory.max': 'max',
        'a/b/memory.high': 'max',
        'a/b/cpu.max': 'max 100000',
        'a/memory.max': '2147483648',
        'a/memory.high': '1073741824',
        'a/cpu.max': '20000 100000',
      }),
    ).to.deep.equal({
      memory: {value: GiB, by: '/sys/fs/cgroup/a/memory.high'},
      processors: {value: 1, by: '/sys/fs/cgroup/a/cpu.max'},
    });
  });

  it('version 2: the root of the mount is the group in a container', () => {
    expect(version2('/', {'memory.max': '1073741824'}).memory).to.deep.equal({
      value: GiB,
      by: '/sys/fs/cgroup/memory.max',
    });
    // without a namespace of its own, the path is one of the host
    for (const group of ['/docker/4711', '/../4711'])
      expect(version2(group, {'memory.max': '1073741824'}).memory.value, group).to.equal(GiB);
  });

  it('a limit above what the machine has is none, and neither is "max" or a damaged one', () => {
    expect(version2('/a', {'a/memory.max': String(65 * GiB), 'a/cpu.max': '1600000 100000'})).to.deep.equal(none);
    for (const text of ['max', '', '-1', '0', 'zero', '\0'])
      expect(version2('/a', {'a/memory.max': text, 'a/memory.high': text, 'a/cpu.max': text})).to.deep.equal(none);
  });

  it('version 1: each controller has its own group', () => {
    const of1 = (memory: string, quota: string): SystemLimits =>
      limitsOf({
        'proc/self/cgroup': '9:name=systemd:/x\n4:memory:/jobs/17\n3:cpuset:/\n2:cpu,cpuacct:/jobs',
        'proc/self/mountinfo': mountsOf1(),
        'sys/fs/cgroup/memory/jobs/17/memory.limit_in_bytes': '9223372036854771712',
        'sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': memory,
        'sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us': quota,
        'sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us': '50000',
      });
    expect(of1('9223372036854771712', '-1')).to.deep.equal(none);
    expect(of1('3221225472', '120000')).to.deep.equal({
      memory: {value: 3 * GiB, by: '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes'},
      processors: {value: 3, by: '/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us'},
    });
  });

  it('version 1: a container sees its group as the root of the mount', () => {
    const limits = limitsOf({
      'proc/self/cgroup': '4:memory:/docker/4711/inner\n2:cpu,cpuacct:/docker/4711',
      'proc/self/mountinfo': mountsOf1('/docker/4711'),
      'sys/fs/cgroup/memory/inner/memory.limit_in_bytes': '1073741824',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '2147483648',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '400000',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    });
    expect([limits.memory, limits.processors.value]).to.deep.equal([
      {value: GiB, by: '/sys/fs/cgroup/memory/inner/memory.limit_in_bytes'},
      4,
    ]);
  });

  it('both versions at once, and a mount point with a blank', () => {
    const limits = limitsOf({
      'proc/self/cgroup': '4:memory:/m\n0::/u',
      'proc/self/mountinfo': `${mountsOf1()}\n41 31 0:38 / /sys/fs/the\\040unified rw - cgroup2 cgroup2 rw`,
      'sys/fs/cgroup/memory/m/memory.limit_in_bytes': '1073741824',
      'sys/fs/the unified/u/cpu.max': '700000 100000',
    });
    expect(limits).to.deep.equal({
      memory: {value: GiB, by: '/sys/fs/cgroup/memory/m/memory.limit_in_bytes'},
      processors: {value: 7, by: '/sys/fs/the unified/u/cpu.max'},
    });
  });

  it('ulimit -v counts where it is the least', () => {
    const space = (soft: string): string =>
      `Limit                     Soft Limit           Hard Limit           Units\nMax address space         ${soft.padEnd(20)} unlimited            bytes`;
    expect(limitsOf({'proc/self/limits': space('unlimited')})).to.deep.equal(none);
    expect(limitsOf({'proc/self/limits': space('1073741824')}).memory).to.deep.equal({value: GiB, by: 'ulimit -v'});
  });

  it('a file that cannot be read is no limit', () => {
    const root = folder();
    mkdirSync(path.join(root, 'sys/fs/cgroup/memory.max'), {recursive: true}); // EISDIR
    mkdirSync(path.join(root, 'proc/self/limits'), {recursive: true});
    writeFileSync(path.join(root, 'proc/self/cgroup'), '0::/\n');
    writeFileSync(path.join(root, 'proc/self/mountinfo'), `${mountOf2}\n`);
    expect(systemLimits({root, ...machine})).to.deep.equal(none);
    rmSync(path.join(root, 'proc'), {recursive: true});
    expect(systemLimits({root, ...machine})).to.deep.equal(none);
  });
});
