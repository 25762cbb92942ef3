import {cpSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect} from 'chai';
import {gan, jsonLines, type Ran} from '../../commands/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {chooseAdapter, isReachable, parseAdapters} from '../../../plugins/webgpu/src/adapters.js';
import {explain} from '../../../plugins/webgpu/src/explain.js';
import type {AdapterFacts} from '../../../plugins/webgpu/src/findings.js';
import {probe} from '../../../plugins/webgpu/src/probe.js';
import {linkedIn} from '../third-party.js';
import {isInstalled, needsAdapter, noDriver, plugin, software} from './support.js';

const adapters = [
  {name: 'NVIDIA H200', api: 'vulkan'},
  {name: 'llvmpipe (LLVM 15)', api: 'vulkan'},
];
const facts: AdapterFacts = {
  name: 'NVIDIA H200',
  vendor: 'nvidia',
  architecture: 'hopper',
  driver: '550',
  software: false,
  float16: true,
  maxBufferBytes: 2 ** 31,
};

describe('webgpu: adapters', () => {
  it('are read from what Dawn lists, without the one that computes nothing', () => {
    const text =
      "no suitable backends found\nAvailable adapters:\n * backend: 'vulkan', name: 'NVIDIA H200'\n * backend: 'vulkan', name: 'llvmpipe (LLVM 15)'\n * backend: 'null', name: 'Null backend'\n";
    expect(parseAdapters(text)).to.deep.equal(adapters);
    expect(parseAdapters('something else')).to.deep.equal([]);
  });

  it('are chosen by number or by a part of the name', () => {
    expect(chooseAdapter('1', adapters)).to.equal(adapters[1]);
    expect(chooseAdapter('nvidia', adapters)).to.equal(adapters[0]);
    for (const none of ['2', 'amd']) expect(chooseAdapter(none, adapters)).to.equal(undefined);
  });

  it('that have the name of one before them cannot be reached: Dawn goes by names', () => {
    const twins = [...adapters, {name: 'NVIDIA H200', api: 'vulkan'}, {name: 'NVIDIA H200', api: 'd3d12'}];
    expect(twins.map((one) => isReachable(one, twins))).to.deep.equal([true, true, false, true]);
  });
});

describe('webgpu: what probe says', () => {
  after(removeFolders);
  const wanted = {...software, software: false};

  it('of an adapter: its facts, and the others that there are', () => {
    expect(explain({found: true, adapter: facts, adapters}, wanted)).to.deep.equal({
      ok: true,
      info: {...facts},
      devices: [{name: 'NVIDIA H200'}, {name: 'llvmpipe (LLVM 15)'}],
      chosen: 0,
    });
  });

  it('of a software adapter: no, unless it is asked for', () => {
    const findings = {found: true as const, adapter: {...facts, name: 'llvmpipe', software: true}, adapters: []};
    const answer = explain(findings, wanted);
    expect(answer).to.include({ok: false});
    expect(JSON.stringify(answer)).to.contain('software').and.contain('GAN_WEBGPU_SOFTWARE=1');
    expect(explain(findings, software)).to.include({ok: true});
  });

  it('of an adapter without float16: no, where it is asked for', () => {
    const half = {...wanted, precision: 'fp16' as const};
    const findings = (float16: boolean) => ({found: true as const, adapter: {...facts, float16}, adapters});
    expect(explain(findings(true), half)).to.include({ok: true});
    expect(explain(findings(false), wanted)).to.include({ok: true});
    const answer = explain(findings(false), half);
    expect(answer).to.include({ok: false, fix: 'compute in float32: --precision fp32'});
  });

  const refusals: [
    what: string,
    findings: {error?: string; adapters?: typeof adapters},
    wanted: typeof software,
    why: RegExp,
    fix: RegExp,
  ][] = [
    [
      'a missing package',
      {error: "Cannot find package 'webgpu' imported from x"},
      wanted,
      /not installed/,
      /npm run webgpu/,
    ],
    [
      'a system that Dawn does not load on',
      {error: "Cannot find module '/x/dist/linux-riscv64/dawn.node'\nRequire stack"},
      wanted,
      /Dawn does not load/,
      /Linux/,
    ],
    ['a name that no adapter has', {adapters}, {...wanted, device: 'amd'}, /'amd'/, /0 NVIDIA H200, 1 llvmpipe/],
    [
      'no adapter',
      {error: 'vkCreateInstance: Found no drivers!'},
      wanted,
      /no adapter was found.*Found no drivers/,
      /driver/,
    ],
  ];
  for (const [what, {error, adapters: list = []}, options, why, fix] of refusals) {
    it(`of ${what}: the reason in one line, and the remedy`, () => {
      const answer = explain({found: false, adapters: list, ...(error !== undefined && {error})}, options);
      if (answer.ok) return expect.fail('accepted');
      expect(answer.why).to.match(why).and.not.contain('\n');
      expect(answer.fix).to.match(fix);
    });
  }

  it('where the packages that it stands on are missing: that, and how to get them', async () => {
    const home = folder(); // outside this repository: there is no node_modules above it
    for (const part of ['package.json', 'dist'])
      cpSync(path.join(plugin, part), path.join(home, part), {recursive: true});
    const {probe: bare} = (await import(pathToFileURL(path.join(home, 'dist/probe.js')).href)) as {probe: typeof probe};
    const answer = await bare(wanted);
    expect(answer).to.include({ok: false, why: 'the package webgpu (Dawn) is not installed'});
    expect(JSON.stringify(answer)).to.contain('npm run webgpu');
  });

  it('of a driver that does not answer: that, after the time limit', async () => {
    const started = Date.now();
    const answer = await probe(wanted, 1); // no process starts in a millisecond
    expect(answer).to.include({ok: false});
    expect(JSON.stringify(answer)).to.contain('did not answer within 0.001 s');
    expect(Date.now() - started).to.be.below(5000);
  });
});

describe('webgpu: the command line', function () {
  this.timeout(60_000);
  let link: Record<string, string>;
  before(function () {
    if (!isInstalled) {
      process.stdout.write('    skipped: the packages of plugins/webgpu are not installed (npm run webgpu)\n');
      this.skip();
    }
    link = {GAN_DATA_DIR: linkedIn(plugin, 'gan-plugin-webgpu')};
  });
  after(removeFolders);

  const tiny = ['--size', '16', '--batch-size', '2', '--steps', '2', '--set', 'arch.nFeatures=4'];
  const noStack = ({stdout, stderr}: Ran): void => {
    expect(stdout + stderr).to.not.match(/^\s+at /m);
  };

  describe('without an adapter', () => {
    it('--backend webgpu exits 4 with the reason and the remedy', async () => {
      const ran = await gan(['fit', '--backend', 'webgpu', ...tiny], {cwd: folder(), env: {...link, ...noDriver}});
      expect(ran.code, ran.stderr).to.equal(4);
      expect(ran.stderr)
        .to.contain('GAN_BACKEND_UNAVAILABLE')
        .and.contain(`names ${noDriver['VK_ICD_FILENAMES']}, which does not exist`)
        .and.contain('apt-get install libvulkan1');
      noStack(ran);
    });

    it('--backend auto takes the CPU and says in one line why not webgpu', async () => {
      const ran = await gan(['fit', ...tiny], {cwd: folder(), env: {...link, ...noDriver}});
      expect(ran.code, ran.stderr).to.equal(0);
      expect(ran.stderr).to.match(/^Training in \S+ on (wasm|native);.* not webgpu: no adapter was found.*$/m);
    });

    it('gan backends lists it with the reason, and loads no tfjs for that', async () => {
      const {code, stdout} = await gan(['backends', '--json'], {
        cwd: folder(),
        env: {...link, ...noDriver},
        withoutTfjs: true,
      });
      expect(code).to.equal(0);
      const rows = jsonLines(stdout).flat() as {name: string; probe: {ok: boolean; why?: string}}[];
      expect(rows.find(({name}) => name === 'webgpu')!.probe)
        .to.deep.include({ok: false})
        .and.to.have.property('why')
        .that.contains('no adapter');
    });
  });

  describe('with a software adapter', () => {
    needsAdapter();

    it('--backend auto leaves it alone and says so', async function () {
      const ran = await gan(['backends', '--json'], {cwd: folder(), env: link});
      const rows = jsonLines(ran.stdout).flat() as {name: string; probe: {ok: boolean; why?: string}}[];
      const webgpu = rows.find(({name}) => name === 'webgpu')!;
      if (webgpu.probe.ok) this.skip(); // a real GPU
      expect(webgpu.probe.why).to.contain('software');
    });

    it('trains when it is asked for, and the process ends by itself', async () => {
      const ran = await gan(['fit', '--backend', 'webgpu', ...tiny, '--set', 'backend.software=true', '--json'], {
        cwd: folder(),
        env: link,
      });
      expect(ran.code, ran.stderr).to.equal(0);
      expect(jsonLines(ran.stdout).at(-1)).to.include({type: 'end', step: 2});
      expect(ran.stderr).to.not.contain('Platform');
    });

    it('is taken by its number, which gan backends lists', async () => {
      const rows = jsonLines(
        (await gan(['backends', '--json'], {cwd: folder(), env: {...link, GAN_WEBGPU_SOFTWARE: '1'}})).stdout,
      ) as unknown as {name: string; choosable: boolean; probe: {devices: {name: string}[]}}[];
      const {
        choosable,
        probe: {devices},
      } = rows.find(({name}) => name === 'webgpu')!;
      expect(choosable).to.equal(true);
      const ran = await gan(['fit', '--backend', 'webgpu', ...tiny, '--device', String(devices.length - 1)], {
        cwd: folder(),
        env: link,
      });
      expect(ran.code, ran.stderr).to.equal(0);
      const beyond = await gan(['fit', '--backend', 'webgpu', ...tiny, '--device', String(devices.length)], {
        cwd: folder(),
        env: link,
      });
      expect(beyond.code).to.equal(4);
      expect(beyond.stderr).to.contain(`there is no adapter '${devices.length}'`).and.contain(devices[0]!.name);
      noStack(beyond);
    });

    it('is refused by a name that it does not have, with the names that there are', async () => {
      const ran = await gan(['fit', '--backend', 'webgpu', ...tiny, '--device', 'Voodoo'], {cwd: folder(), env: link});
      expect(ran.code).to.equal(4);
      expect(ran.stderr)
        .to.contain("there is no adapter 'Voodoo'")
        .and.match(/take one of: 0 \S+/);
      noStack(ran);
    });

    it('a device that is lost in the middle of a run: exit 4, no stack, and the last checkpoint goes on', async () => {
      const cwd = folder();
      const preload = path.join(cwd, 'lose.mjs');
      // The 150th submission, some steps into the run, loses the device as a driver that resets does.
      writeFileSync(
        preload,
        `
        let wanted = 0;
        const timer = setInterval(() => {
          const prototype = globalThis.GPUDevice?.prototype;
          if (!prototype) return;
          clearInterval(timer);
          const {createCommandEncoder} = prototype;
          prototype.createCommandEncoder = function (...args) {
            if (++wanted === 150) this.destroy();
            return createCommandEncoder.apply(this, args);
          };
        }, 1);
        timer.unref();`,
      );
      const set = [
        '--backend',
        'webgpu',
        '--set',
        'backend.software=true',
        '--size',
        '16',
        '--batch-size',
        '2',
        '--set',
        'arch.nFeatures=4',
        '--set',
        'checkpointEvery=1',
      ];
      const ran = await gan(['fit', ...set, '--steps', '60', '--out', 'run'], {
        cwd,
        env: {...link, NODE_OPTIONS: `--import=${preload}`},
      });
      expect(ran.code, ran.stderr).to.equal(4);
      expect(ran.stderr).to.contain('GAN_DEVICE_LOST').and.contain('gan fit --resume');
      noStack(ran);
      const again = await gan(['fit', '--resume', 'run', '--steps', '61', '--backend', 'wasm', '--json'], {
        cwd,
        env: link,
      });
      expect(again.code, again.stderr).to.equal(0);
      expect(jsonLines(again.stdout).at(-1)).to.include({type: 'end', step: 61});
    });
  });
});
