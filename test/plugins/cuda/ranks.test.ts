/** Sums over ranks on the fake of CUDA: every way to exchange, in one process and over several by MPI. */
import {execFile, execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import type {Tensor} from '@tensorflow/tfjs-core';
import {GanError, tf} from 'gankit';
import type {Collective, MemoryAt} from 'gankit/plugin';
import {sumAllOverRanks, useRanks} from '../../../dist/backends/fused/all-reduce.js';
import {openTraining} from '../../../dist/runs/open-training.js';
import {findNccl} from '../../../plugins/cuda/src/nccl/find.js';
import {choose, collective, type Offer, type RankParts} from '../../../plugins/cuda/src/ranks/join.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {metrics} from '../../runs/helpers.js';
import {needs, root} from '../mpi/support.js';
import {needsCompiler} from './emulator/support.js';
import {fakeNccl} from './fake/nccl.js';
import {openFake, openFakeDevice, type FakeDevice} from './fake/open.js';
import type {Pace} from './fake/streams.js';
import {compileNcclStub} from './nccl-stub.js';
import {compileStubs} from './stubs.js';
import {settings} from './train-on-fake.js';

describe('cuda: sums over ranks', function () {
  this.timeout(300_000); // the emulator may have to be built
  needsCompiler('linux');
  let libraries: string;
  let nccl: string;
  before(() => {
    libraries = mkdtempSync(path.join(tmpdir(), 'gan-nccl-'));
    nccl = compileNcclStub(libraries);
  });
  after(() => {
    rmSync(libraries, {recursive: true, force: true});
    removeFolders();
  });

  describe('in one process', () => {
    let open: FakeDevice;
    let leave = (): void => {};
    /** Whether nothing of the device may be given back. */
    let isKept = false;
    const partsFor = (wanted: string): RankParts => ({
      api: {GanError},
      device: open.device,
      driver: open.driver,
      thread: {file: 'a driver', context: open.device.context},
      uuid: 'a card',
      nccl: () => fakeNccl(open.fake, nccl),
      wanted,
    });
    const takeWay = async (
      wanted: string,
      more: Partial<Collective> = {},
      paces: readonly Pace[] = ['late', 'late', 'late'],
      timeout = 60,
    ): Promise<void> => {
      open = await openFake({paces, timeout});
      const ranks = {...aloneButDoubled(open), ...more};
      leave = useRanks(ranks, await collective(partsFor(wanted)).join(ranks));
    };
    afterEach(async () => {
      leave();
      await open.opened.close!();
      if (isKept) expect(open.fake.leaks).to.have.property('device').above(0);
      else expect(open.fake.leaks).to.deep.equal({streams: 0, device: 0, pinned: 0, modules: 0});
      isKept = false;
    });

    const factors = {nccl: 1, mpi: 2, host: 2}; // of one rank NCCL's sum is what it has
    const cases = Object.entries(factors).flatMap(([way, factor]) =>
      (['late', 'eager'] as const).map((pace) => [way, factor, pace] as const),
    );
    for (const [way, factor, pace] of cases) {
      const other = pace === 'late' ? 'eager' : 'late';
      it(`${way}: they come after what is summed and before what uses them, where their stream is ${pace}`, async () => {
        await takeWay(way, {}, [other, other, pace]);
        const values: Tensor[] = [tf.ones([3, 2]), tf.fill([20_000], 2), tf.zeros([0])];
        const computed = values.map((value) => tf.add(value, 1));
        const onHost: Tensor = tf.tensor1d([5, 6, 7]); // is sent when it is used
        const engine = tf.engine();
        const inputs = Object.fromEntries([...computed, onHost].map((tensor, i) => [`x${i}`, tensor]));
        const begun = engine.runKernel<Tensor>('AllReduceBegin', inputs);
        tf.dispose([...computed, onHost]); // sums under way keep what they read
        const filled = Array.from({length: 4}, () => tf.fill([20_000], 7)); // what uses memory again must not be seen
        const sums = engine.runKernel<Tensor[]>('AllReduceEnd', {sum: begun});
        begun.dispose();
        const used = sums.map((sum) => tf.mul(sum, 10));
        const results = await Promise.all(used.map((one) => one.data()));
        expect([...results[0]!]).to.deep.equal(Array<number>(6).fill(20 * factor));
        expect(new Set(results[1])).to.deep.equal(new Set([30 * factor]));
        expect(results[2]).to.have.length(0);
        expect([...results[3]!]).to.deep.equal([50, 60, 70].map((value) => value * factor));
        tf.dispose([...values, ...sums, ...filled, ...used]);
      });
    }

    it('a rank that is lost ends the wait for a sum that will never be there', async () => {
      let isLost = false;
      await takeWay('nccl', {
        check() {
          if (isLost) throw new GanError('backend', 'GAN_RANK_LOST', 'rank 1 on node2 has not answered for 30 s.');
        },
      });
      const [sum] = sumAllOverRanks([tf.ones([4])]);
      isLost = true;
      open.fake.streams.stuck = true;
      expect(() => sum!.dataSync())
        .to.throw('rank 1 on node2')
        .with.property('code', 'GAN_RANK_LOST');
      open.fake.streams.stuck = false; // the sum was cut off: what waited for it goes on, with half of the numbers
      expect(() => sum!.dataSync()).to.throw('rank 1 on node2');
      expect(await sum!.data().catch((error: unknown) => error)).to.have.property('code', 'GAN_RANK_LOST');
      expect(() => sumAllOverRanks([tf.ones([4])])).to.throw('rank 1 on node2');
      sum!.dispose();
      isKept = true;
    });

    for (const way of ['mpi', 'host'])
      it(`${way}: memory of a sum that fails is kept, as MPI may write to it still; what was computed can be read`, async () => {
        const fail = (): never => {
          throw new GanError('backend', 'GAN_RANK_LOST', 'rank 1 on node2 has not answered for 30 s.');
        };
        const work = {wait: fail, done: async () => fail(), took: () => ({from: 0, to: 0})};
        await takeWay(way, {allReduceAt: () => work});
        const ones = tf.ones([4]);
        expect(() => sumAllOverRanks([ones])[0]!.dataSync()).to.throw('rank 1 on node2');
        expect([...ones.dataSync()]).to.deep.equal([1, 1, 1, 1]);
        ones.dispose();
        isKept = true;
      });

    it('an NCCL that does not begin is told of by its name, with what to do', async () => {
      open = await openFake({paces: ['late', 'late', 'late']});
      leave = () => {};
      const library = fakeNccl(open.fake, nccl);
      library.uniqueId = () => library.check('ncclGetUniqueId', 2) as never;
      const ranks = aloneButDoubled(open);
      const error: unknown = await collective({...partsFor('nccl'), nccl: () => library})
        .join(ranks)
        .catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'GAN_BACKEND_FAILED');
      expect(error).to.have.property('message').that.contains('NCCL could not join the ranks: ncclGetUniqueId');
    });

    it('an error that NCCL has met since is told, with how to find out more', async () => {
      await takeWay('nccl');
      const [sum] = sumAllOverRanks([tf.ones([4])]);
      open.fake.streams.stuck = true;
      process.env['STUB_NCCL_ERROR'] = '1';
      try {
        expect(() => sum!.dataSync())
          .to.throw(/remote process exited/)
          .with.property('suggestions')
          .that.includes.members([
            'NCCL_DEBUG=WARN makes NCCL say more. GAN_CUDA_RANKS=host exchanges through MPI instead.',
          ]);
      } finally {
        delete process.env['STUB_NCCL_ERROR'];
        open.fake.streams.stuck = false;
      }
      expect(() => sum!.dataSync()).to.throw(/remote process exited/);
      sum!.dispose();
      isKept = true;
    });

    it('a wait for the other ranks does not make the device stuck, one for what is summed does', async () => {
      await takeWay('nccl', {}, ['eager', 'eager', 'late'], 0.05);
      const {streams} = open.fake;
      const engine = tf.engine();
      const ones = tf.ones([4]);
      const begun = engine.runKernel<Tensor>('AllReduceBegin', {x: ones}); // what is summed is there
      streams.stuck = true;
      const [sum] = engine.runKernel<Tensor[]>('AllReduceEnd', {sum: begun});
      setTimeout(() => (streams.stuck = false), 200);
      expect([...(await sum!.data())]).to.deep.equal([1, 1, 1, 1]);
      streams.stuck = true;
      const [never] = sumAllOverRanks([tf.add(ones, 1)]);
      expect(await never!.data().catch((error: unknown) => error)).to.have.property('code', 'GAN_DEVICE_LOST');
      streams.stuck = false;
      tf.dispose([ones, begun, sum!, never!]);
      isKept = true;
    });

    it('refuse a way that is none', async () => {
      await takeWay('host');
      const error: unknown = await collective(partsFor('nvlink'))
        .join(aloneButDoubled(open))
        .catch((thrown: unknown) => thrown);
      expect(error).to.have.property('code', 'GAN_CUDA_RANKS');
    });
  });

  describe('take the best way that all ranks have', () => {
    const offer = (gpu: string, version?: string, more: Partial<Offer> = {}): Offer => ({
      ways: version === undefined ? ['host'] : ['nccl', 'host'],
      gpu,
      ...(version !== undefined && {nccl: version}),
      ...more,
    });
    const cases: [name: string, offers: Offer[], way: string | undefined, why: string][] = [
      ['all have NCCL', [offer('a', '2.27.5'), offer('b', '2.27.5')], 'nccl', ''],
      ['one has none', [offer('a', '2.27.5'), offer('b')], 'host', 'rank 1 has no NCCL'],
      [
        'one cannot load it',
        [offer('a', '2.27.5'), offer('b', undefined, {noNccl: 'libcudart is missing'})],
        'host',
        'rank 1 has no NCCL that it can load: libcudart is missing',
      ],
      ['two versions', [offer('a', '2.27.5'), offer('b', '2.20.1')], 'host', 'the ranks have NCCL 2.27.5 and 2.20.1'],
      ['one GPU', [offer('a', '2.27.5'), offer('a', '2.27.5')], 'host', 'ranks share a GPU'],
      ['MPI takes memory of GPUs', [offer('a', undefined, {ways: ['mpi', 'host']})], 'mpi', 'rank 0 has no NCCL'],
      ['one takes NCCL only', [offer('a', '2', {ways: ['nccl'], wanted: 'nccl'}), offer('b')], undefined, 'rank 1'],
    ];
    for (const [name, offers, way, why] of cases)
      it(name, () => {
        const chosen = choose(offers);
        expect(chosen.way).to.equal(way);
        expect(chosen.whyNoNccl).to.contain(why);
      });
  });

  it('find NCCL where the other libraries are', () => {
    const env = {GAN_CUDA_LIBS: libraries};
    const machine = {platform: 'linux' as const, arch: 'x64', env, home: '/none', cwd: '/none', root: '/none'};
    expect(findNccl(machine)).to.equal(nccl);
    expect(findNccl({...machine, platform: 'win32'})).to.equal(undefined);
  });

  it('give two ranks the losses of one: by NCCL, by MPI with memory of the GPU, by MPI with that of the host', async function () {
    const start = needs('openmpi', 2, this);
    const dir = folder();
    const device = await openFakeDevice({paces: ['eager', 'eager']});
    const alone = await openTraining(settings, {device: {...device, name: 'cuda'}});
    await alone.fit(path.join(dir, 'alone')).finally(() => alone.close());
    await device.close();
    const [command = '', ...options] = start;
    const child = fileURLToPath(new URL('train-on-fake.ts', import.meta.url));
    const args = [...options, process.execPath, '--import=tsx/esm', child, dir, compileDriver(libraries), nccl];
    const {stdout} = await promisify(execFile)(command, args, {cwd: root, timeout: 200_000});
    expect(stdout).to.match(/nccl: 2 ranks .*, sums by NCCL 2\.27\.5; [1-9] steps repeated$/m);
    expect(stdout).to.match(
      /mpi: 2 ranks .*, sums by MPI from GPU to GPU \(GAN_CUDA_RANKS=mpi\); [1-9] steps repeated$/m,
    );
    expect(stdout).to.match(
      /host: 2 ranks .*, sums by MPI through pinned memory of the host \(GAN_CUDA_RANKS=host\); [1-9] steps repeated$/m,
    );
    const losses = (name: string) =>
      metrics(path.join(dir, name)).flatMap((line) => ('mode' in line ? [line['loss'] as number] : []));
    const wanted = losses('alone');
    expect(wanted).to.have.length(settings.steps);
    for (const name of ['nccl', 'mpi', 'host'])
      losses(name).forEach((loss, i) =>
        expect(loss, `${name}, step ${i + 1}`).to.be.closeTo(wanted[i]!, 1e-5 * (1 + Math.abs(wanted[i]!))),
      );
  });

  it('go through koffi and the names of the libraries in gan fit', async function () {
    const start = needs('openmpi', 2, this);
    compileStubs(libraries);
    const dir = folder();
    const fit = ['fit', 'builtin:shapes', '--backend=cuda', '--size=16', '--batch-size=4', '--steps=2', '--arch=basic'];
    const quick = ['--set=arch.nFeatures=4', '--sample-every=0', '--watch-every=0', '--device=0', '--out'];
    const [command = '', ...options] = start;
    const args = [...options, process.execPath, 'bin/run.js', ...fit, ...quick, path.join(dir, 'run')];
    const env = {...process.env, GAN_CUDA_LIBS: libraries, XDG_CACHE_HOME: dir};
    const {stdout, stderr} = await promisify(execFile)(command, args, {cwd: root, env, timeout: 120_000});
    expect(stdout + stderr).to.contain(
      'sums by MPI through pinned memory of the host (ranks share a GPU, which NCCL does not allow)',
    );
    expect(metrics(path.join(dir, 'run')).filter((line) => 'mode' in line)).to.have.length(2);
  });
});

/** One rank alone, whose sums by MPI are twice what it has. Memory is looked at when it is ready, and not before. */
function aloneButDoubled({fake}: FakeDevice): Collective {
  const unused = (): never => {
    throw new Error('the device exchanges by itself');
  };
  return {
    rank: 0,
    size: 1,
    hosts: ['node1'],
    info: {},
    takesGpuMemory: true,
    memory: unused,
    allReduce: unused,
    note: unused,
    check: () => {},
    broadcast: async (bytes) => bytes!,
    allGather: async (bytes) => [bytes],
    allReduceAt({address, count, enter, ready}: MemoryAt) {
      expect([enter.name, ready.name, ready.notYet]).to.deep.equal(['cuCtxSetCurrent', 'cuEventQuery', 600]);
      let isDone = false;
      const wait = (): void => {
        if (isDone) return;
        isDone = true;
        while (fake.driver.cuEventQuery(ready.argument) !== 0);
        const values = new Float32Array(count);
        fake.library.read(address, new Uint8Array(values.buffer));
        fake.library.write(address, new Uint8Array(values.map((value) => 2 * value).buffer));
      };
      return {wait, done: async () => wait(), took: () => ({from: 0, to: 0})};
    },
  };
}

/** What the thread that calls MPI asks of the driver, for a card whose work is done at once. */
function compileDriver(to: string): string {
  const file = path.join(to, 'libdriver.so');
  const names = ['cuCtxSetCurrent', 'cuEventQuery'];
  const functions = names.map((name) => `int ${name}(unsigned long long word) { return word == 0; }`);
  writeFileSync(`${file}.c`, functions.join('\n'));
  execFileSync('gcc', ['-shared', '-fPIC', `${file}.c`, '-o', file]);
  return file;
}
