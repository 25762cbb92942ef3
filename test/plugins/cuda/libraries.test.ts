import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {explain, visibleDevices} from '../../../plugins/cuda/src/explain.js';
import type {DriverAnswer} from '../../../plugins/cuda/src/driver/driver.js';
import type {Precision} from '../../../plugins/cuda/src/gpu.js';
import {chooseLibraries, findLibraries} from '../../../plugins/cuda/src/libraries/find.js';
import {companions} from '../../../plugins/cuda/src/libraries/load.js';
import type {Machine} from '../../../plugins/cuda/src/libraries/machine.js';
import {diagnose, probe} from '../../../plugins/cuda/src/probe.js';
import {noCompiler} from './emulator/index.js';

const options = {device: undefined, precision: 'tf32', libs: undefined, timeout: 600} as const;
const driverOf = (version: number, architecture = 90): DriverAnswer => ({
  ok: true,
  version,
  devices: [
    {
      ordinal: 0,
      name: 'NVIDIA H200',
      uuid: '8932f937d72c4106c12f20bd9faed9f6',
      bytes: 150 * 2 ** 30,
      architecture,
      multiprocessors: 132,
      sharedBytesPerBlock: 49152,
    },
  ],
});

describe('cuda: the search for libraries', () => {
  let root: string;
  let machine: Machine;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'gan-cuda-machine-'));
    machine = {
      platform: 'linux',
      arch: 'x64',
      env: {},
      home: path.join(root, 'home/me'),
      cwd: path.join(root, 'work'),
      root,
    };
  });
  afterEach(() => rmSync(root, {recursive: true}));
  const put = (...files: string[]) =>
    files.forEach((file) => {
      mkdirSync(path.dirname(path.join(root, file)), {recursive: true});
      writeFileSync(path.join(root, file), '');
    });
  const driver = 'usr/lib/x86_64-linux-gnu/libcuda.so.1';
  const at = (file: string) => path.join(root, file);
  const wheels12 = (site: string) =>
    ['cuda_nvrtc/lib/libnvrtc.so.12', 'cublas/lib/libcublasLt.so.12', 'cudnn/lib/libcudnn.so.9'].map(
      (file) => `${site}/nvidia/${file}`,
    );
  const wheels13 = (site: string) =>
    ['cu13/lib/libnvrtc.so.13', 'cu13/lib/libcublasLt.so.13', 'cudnn/lib/libcudnn.so.9'].map(
      (file) => `${site}/nvidia/${file}`,
    );

  it('finds a toolkit and cuDNN of the system', () => {
    put(
      driver,
      'usr/local/cuda-12.8/lib64/libnvrtc.so.12',
      'usr/local/cuda-12.8/targets/x86_64-linux/lib/libcublasLt.so.12',
      'usr/lib/x86_64-linux-gnu/libcudnn.so.8',
    );
    const found = findLibraries(machine);
    expect(found.driver).to.equal(at(driver));
    expect(chooseLibraries(found, [13, 12])).to.deep.equal({
      cuda: 12,
      nvrtc: at('usr/local/cuda-12.8/lib64/libnvrtc.so.12'),
      cublasLt: at('usr/local/cuda-12.8/targets/x86_64-linux/lib/libcublasLt.so.12'),
      cudnn: at('usr/lib/x86_64-linux-gnu/libcudnn.so.8'),
    });
  });

  it('leaves the driver to the loader where the system shows a card and no folder has it', () => {
    expect(findLibraries(machine).driver).to.equal(undefined);
    put('dev/nvidiactl');
    expect(findLibraries(machine).driver).to.equal('libcuda.so.1');
    put(driver);
    expect(findLibraries(machine).driver).to.equal(at(driver));
  });

  it("finds the wheels of a Python environment, also in CUDA 13's layout, and takes what the driver runs", () => {
    put(...wheels12('env/lib/python3.12/site-packages'), ...wheels13('env/lib/python3.12/site-packages'));
    machine.env = {VIRTUAL_ENV: at('env')};
    expect(chooseLibraries(findLibraries(machine), [13, 12])).to.include({
      cuda: 13,
      nvrtc: at('env/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13'),
    });
    expect(chooseLibraries(findLibraries(machine), [12])).to.include({
      cuda: 12,
      cublasLt: at('env/lib/python3.12/site-packages/nvidia/cublas/lib/libcublasLt.so.12'),
    });
  });

  it("does not mix a wheel's cuDNN for one CUDA with another CUDA", () => {
    put(
      ...wheels13('env/lib/python3.12/site-packages'),
      'env/lib/python3.12/site-packages/nvidia_cudnn_cu12-9.13.dist-info/METADATA',
    );
    machine.env = {CONDA_PREFIX: at('env')};
    expect(chooseLibraries(findLibraries(machine), [13])).to.deep.equal({cuda: 13, missing: ['cudnn']});
    put('other/nvidia_cudnn_cu13-9.13.dist-info/METADATA', 'other/nvidia/cudnn/lib/libcudnn.so.9');
    expect(chooseLibraries(findLibraries(machine, [at('other')]), [13])).to.include({
      cuda: 13,
      cudnn: at('other/nvidia/cudnn/lib/libcudnn.so.9'),
    });
  });

  it('takes the driver of Windows before one of the distribution, under WSL', () => {
    put('dev/dxg', driver, 'usr/lib/wsl/lib/libcuda.so.1');
    expect(findLibraries(machine).driver).to.equal(at('usr/lib/wsl/lib/libcuda.so.1'));
  });

  it('finds toolkits, cuDNN and packages of Python where the installers for Windows put them', () => {
    machine.platform = 'win32';
    machine.env = {
      ProgramFiles: at('pf'),
      APPDATA: at('roaming'),
      LOCALAPPDATA: at('local'),
      SystemRoot: at('windows'),
    };
    const cudnn = ['pf/NVIDIA/CUDNN/v9.9/bin/12.9/cudnn64_9.dll', 'pf/NVIDIA/CUDNN/v9.14/bin/13.0/x64/cudnn64_9.dll'];
    const nvrtc = [
      'pf/NVIDIA GPU Computing Toolkit/CUDA/v13.0/bin/x64/nvrtc64_130_0.dll',
      'pf/NVIDIA GPU Computing Toolkit/CUDA/v12.9/bin/nvrtc64_120_0.dll',
      'roaming/Python/Python312/site-packages/nvidia/cuda_nvrtc/bin/nvrtc64_120_0.dll',
      'local/Programs/Python/Python311/Lib/site-packages/nvidia/cu13/bin/x86_64/nvrtc64_130_0.dll',
    ];
    put('windows/System32/nvcuda.dll', ...cudnn, ...nvrtc);
    const found = findLibraries(machine);
    const relative = (files: {file: string}[]) => files.map(({file}) => path.relative(root, file));
    expect(found.driver).to.equal(at('windows/System32/nvcuda.dll'));
    expect(relative(found.libraries.cudnn)).to.deep.equal([...cudnn].reverse());
    expect(relative(found.libraries.nvrtc)).to.deep.equal(nvrtc);
  });

  it('shows the part of a card that is asked for to the process that asks the driver', () => {
    expect(visibleDevices('MIG-1234', {})).to.deep.equal({CUDA_VISIBLE_DEVICES: 'MIG-1234'});
    expect(visibleDevices('MIG-1234', {CUDA_VISIBLE_DEVICES: '0'})).to.deep.equal({});
    expect(visibleDevices('GPU-1234', {})).to.deep.equal({});
  });

  it('does not take cuDNN 8 for CUDA 13', () => {
    put(
      'usr/lib/x86_64-linux-gnu/libnvrtc.so.13',
      'usr/lib/x86_64-linux-gnu/libcublasLt.so.13',
      'usr/lib/x86_64-linux-gnu/libcudnn.so.8',
    );
    expect(chooseLibraries(findLibraries(machine), [13])).to.deep.equal({cuda: 13, missing: ['cudnn']});
  });

  it('looks into named folders first: the option, then GAN_CUDA_LIBS, then what is active, then the system', () => {
    put(
      'a/libnvrtc.so.12',
      'b/lib64/libnvrtc.so.12',
      'c/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
      'usr/local/cuda/lib64/libnvrtc.so.12',
      'd/libnvrtc.so.12',
      'etc/ld.so.conf.d/x.conf',
    );
    writeFileSync(at('etc/ld.so.conf.d/x.conf'), '# comment\n/opt/lib\n');
    put(
      'opt/lib/libnvrtc.so.12',
      'home/me/.local/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
      'work/.venv/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
    );
    machine.env = {GAN_CUDA_LIBS: at('b'), VIRTUAL_ENV: at('c'), LD_LIBRARY_PATH: at('d')};
    expect(findLibraries(machine, [at('a')]).libraries.nvrtc.map(({file}) => path.relative(root, file))).to.deep.equal([
      'a/libnvrtc.so.12',
      'b/lib64/libnvrtc.so.12',
      'c/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
      'work/.venv/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
      'd/libnvrtc.so.12',
      'opt/lib/libnvrtc.so.12',
      'usr/local/cuda/lib64/libnvrtc.so.12',
      'home/me/.local/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
    ]);
  });

  it('loads first what a library looks for by name', () => {
    put(
      'l/libnvrtc.so.12',
      'l/libnvrtc-builtins.so.12.8',
      'l/libnvrtc-builtins.alt.so.12.8',
      'l/libcublasLt.so.12',
      'l/libcublas.so.12',
      'l/libcudnn.so.9',
      'l/libcudnn_graph.so.9',
      'l/libcudnn_cnn.so.9',
      'l/libcudnn_ops.so.9',
      'l/libcudnn_cnn.so.8',
    );
    const before = companions({
      cuda: 12,
      nvrtc: at('l/libnvrtc.so.12'),
      cublasLt: at('l/libcublasLt.so.12'),
      cudnn: at('l/libcudnn.so.9'),
    });
    expect(before.nvrtc).to.deep.equal([at('l/libnvrtc-builtins.so.12.8')]);
    expect(before.cudnn.map((file) => path.basename(file))).to.deep.equal([
      'libcublas.so.12',
      'libcudnn_graph.so.9',
      'libcudnn_ops.so.9',
      'libcudnn_cnn.so.9',
    ]);
  });

  describe('says in one line what is wrong, and what to do', () => {
    const answer = (given?: DriverAnswer, device?: string, precision: Precision = 'tf32') => {
      const result = explain(machine, findLibraries(machine), given, {...options, device, precision});
      return result.ok ? {why: 'fine', fix: ''} : {why: result.why, fix: result.fix};
    };
    const complete = ['usr/lib64/libnvrtc.so.12', 'usr/lib64/libcublasLt.so.12', 'usr/lib64/libcudnn.so.9'];
    const cases: [string, string[], DriverAnswer | undefined, RegExp, RegExp][] = [
      ['no driver', complete, undefined, /^no NVIDIA driver was found \(libcuda\.so\.1\)$/, /--gpus all/],
      [
        'no card',
        [driver],
        {ok: false, error: 'it sees no GPU', code: 100},
        /does not work: it sees no GPU/,
        /CUDA_VISIBLE_DEVICES/,
      ],
      ['a driver that was updated', [driver], {ok: false, error: 'mismatch', code: 803}, /mismatch/, /restart/],
      [
        'a driver that hangs',
        [driver],
        {ok: false, error: 'it did not answer within 10 s'},
        /did not answer within 10 s/,
        /nvidia-smi/,
      ],
      ['an old driver', [driver, ...complete], driverOf(11_080), /runs CUDA 11\.8 at most/, /525/],
      [
        'nothing but a driver',
        [driver],
        driverOf(13_000),
        /NVRTC \(libnvrtc\.so\.13\), cuBLASLt \(libcublasLt\.so\.13\), cuDNN \(libcudnn\.so\.9\) for CUDA 13 were not found/,
        /pip install nvidia-cuda-nvrtc nvidia-cublas nvidia-cudnn-cu13/,
      ],
      [
        'no cuDNN',
        [driver, ...complete.slice(0, 2)],
        driverOf(12_040),
        /^cuDNN \(libcudnn\.so\.9\) for CUDA 12 was not found; NVRTC and cuBLASLt are there/,
        /nvidia-cudnn-cu12.*GAN_CUDA_LIBS/,
      ],
      [
        'libraries that are too new for the driver',
        [driver, ...wheels13('usr/lib/python3.12/dist-packages')],
        driverOf(12_040),
        /for CUDA 12 .*not of this version: .*libnvrtc\.so\.13/,
        /nvidia-cublas-cu12/,
      ],
      ['a card that CUDA 13 does not know', [driver, ...complete], driverOf(13_000, 70), /fine/, /^$/],
      ['all that is needed', [driver, ...complete], driverOf(13_000), /fine/, /^$/],
    ];
    for (const [title, files, given, why, fix] of cases) {
      it(title, () => {
        put(...files);
        expect(answer(given).why).to.match(why);
        expect(answer(given).why).not.to.contain('\n');
        expect(answer(given).fix).to.match(fix);
      });
    }

    it('bf16 on a card before Ampere', () => {
      put(driver, ...complete);
      expect(answer(driverOf(13_000, 75), undefined, 'bf16').why).to.match(
        /^NVIDIA H200 \(compute capability 7\.5\) does not compute with bfloat16/,
      );
      expect(answer(driverOf(13_000, 80), undefined, 'bf16').why).to.equal('fine');
    });

    it('a number or a name that no card has', () => {
      put(driver, ...complete);
      expect(answer(driverOf(13_000), '3')).to.deep.equal({
        why: 'there is no GPU 3',
        fix: 'take one of: 0 NVIDIA H200 (153600 MiB) (by number, by a part of the name, or by the UUID that nvidia-smi -L lists: --device)',
      });
      expect(answer(driverOf(13_000), 'b200').why).to.equal('there is no GPU b200');
      expect(answer(driverOf(13_000), 'GPU-8932f938').why).to.equal('there is no GPU GPU-8932f938');
      const names = [
        '0',
        'h200',
        undefined,
        'GPU-8932f937-d72c-4106-c12f-20bd9faed9f6',
        'gpu-8932f9',
        'MIG-8932f937-d72c',
      ];
      expect([...new Set(names.map((device) => answer(driverOf(13_000), device).why))]).to.deep.equal(['fine']);
    });
  });

  it('the probe needs no driver to say so, quickly, and starts nothing', async () => {
    const start = performance.now();
    expect(await probe(options, machine)).to.include({ok: false});
    expect(performance.now() - start).to.be.below(300);
    expect(await diagnose(options, machine)).to.deep.equal([]);
  });

  it('asks a driver once, in a process of its own', async function () {
    this.timeout(20_000);
    const why = noCompiler('linux');
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    put(driver);
    writeFileSync(
      at('driver.c'),
      `#include <stdio.h>\n__attribute__((constructor)) static void loaded(void) { FILE *f = fopen("${at('loads')}", "a"); fputs("x", f); fclose(f); }`,
    );
    execFileSync('gcc', ['-shared', '-fPIC', at('driver.c'), '-o', at(driver)]);
    const result = await probe(options, machine);
    expect(result.ok ? '' : result.why).to.contain('cuInit');
    await diagnose(options, machine);
    expect(readFileSync(at('loads'), 'utf8')).to.equal('x');
    expect(readFileSync('/proc/self/maps', 'utf8')).to.not.contain(at(driver));
  });

  it('waits for the driver as long as GAN_CUDA_PROBE_SECONDS says', async function () {
    this.timeout(20_000);
    if (noCompiler('linux') !== undefined) this.skip();
    put(driver);
    writeFileSync(
      at('driver.c'),
      '#include <unistd.h>\n__attribute__((constructor)) static void loaded(void) { sleep(15); }',
    );
    execFileSync('gcc', ['-shared', '-fPIC', at('driver.c'), '-o', at(driver)]);
    const result = await probe(options, {...machine, env: {GAN_CUDA_PROBE_SECONDS: '0.2'}});
    expect(result.ok ? '' : result.why).to.contain('did not answer within 0.2 s');
  });

  it('a driver that is no library, or ends its process, is a reason', async function () {
    this.timeout(20_000);
    put(driver);
    const result = await probe(options, machine);
    expect(result.ok ? '' : result.why).to.match(/does not work: Failed to load shared library/);
  });
});
